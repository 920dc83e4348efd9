import { isEmpty, isObject, type Json, type JsonObject, type JsonObjectDraft } from "./json.js";
import { appendToken } from "./pointer.js";

/** What one layer has at a field: its value there, or the non-object it has at an ancestor of it. */
export interface Contribution {
  /** The layer's place in the list that was merged; 0 is the highest. */
  readonly layer: number;
  /** The field's own pointer, or the ancestor's. */
  readonly pointer: string;
  readonly value: Json;
}

/** A leaf of the merged object. The first contribution is where the value comes from; the rest are shadowed. */
export interface Field {
  readonly pointer: string;
  readonly value: Json;
  readonly contributions: readonly [Contribution, ...Contribution[]];
}

/**
 * Folds documents, highest precedence first, into one object (R2): objects merge key by key, everything else is
 * replaced whole. `onField` hears of every leaf in merge order (the lowest layer's members first, then each higher
 * layer's new ones), with all that every layer has there. What was given is shared with the result, never changed.
 */
export function merge(
  documents: readonly (JsonObject | undefined)[],
  onField?: (field: Field) => void,
): JsonObject {
  const root: Node = { objects: documents, blocked: [], cut: documents.length };
  return mergeNode(root, "", onField);
}

/** One place in all documents at once. */
interface Node {
  /** What each layer has here, where it is an object. */
  readonly objects: readonly (JsonObject | undefined)[];
  /** The non-object that a layer has at an ancestor of this place. */
  readonly blocked: readonly (Contribution | undefined)[];
  /** Layers from here down do not shine through: a non-object covers them. */
  readonly cut: number;
}

function mergeNode(node: Node, pointer: string, onField: ((field: Field) => void) | undefined): JsonObject {
  const { objects, cut } = node;
  if (onField === undefined) {
    const only = onlyObject(objects, cut);
    if (only !== undefined) return only;
  }
  const merged: JsonObjectDraft = {};
  for (let layer = cut - 1; layer >= 0; layer--) {
    const object = objects[layer];
    if (object === undefined) continue;
    for (const key of Object.keys(object)) {
      if (!isInLowerLayer(objects, layer, cut, key)) merged[key] = mergeMember(node, key, pointer, onField);
    }
  }
  return merged;
}

function mergeMember(
  node: Node,
  key: string,
  parentPointer: string,
  onField: ((field: Field) => void) | undefined,
): Json {
  const { objects, blocked, cut } = node;
  const pointer = onField === undefined ? "" : appendToken(parentPointer, key);
  let top: Json | undefined;
  let below = cut;
  const inner: (JsonObject | undefined)[] = [];
  for (let layer = 0; layer < objects.length; layer++) {
    const value = member(objects[layer], key);
    const isInner = isObject(value);
    inner.push(isInner ? value : undefined);
    if (value === undefined || layer >= cut) continue;
    if (top === undefined) {
      top = value;
      if (!isInner) break;
    } else if (!isInner) {
      below = layer;
      break;
    }
  }
  if (isObject(top) && !areEmpty(inner, below)) {
    if (onField === undefined) return mergeNode({ objects: inner, blocked, cut: below }, "", undefined);
    return mergeNode(descend(node, key, pointer, below), pointer, onField);
  }
  const value = top as Json;
  if (onField !== undefined) onField({ pointer, value, contributions: contributionsAt(node, key, pointer) });
  return value;
}

/** Steps into a member that is an object, keeping what every layer has there, covered or not. */
function descend(node: Node, key: string, pointer: string, cut: number): Node {
  const objects: (JsonObject | undefined)[] = [];
  const blocked: (Contribution | undefined)[] = [];
  for (let layer = 0; layer < node.objects.length; layer++) {
    const value = member(node.objects[layer], key);
    const isInner = isObject(value);
    objects.push(isInner ? value : undefined);
    blocked.push(node.blocked[layer] ?? (value === undefined || isInner ? undefined : { layer, pointer, value }));
  }
  return { objects, blocked, cut };
}

function contributionsAt(node: Node, key: string, pointer: string): [Contribution, ...Contribution[]] {
  const contributions: Contribution[] = [];
  for (let layer = 0; layer < node.objects.length; layer++) {
    const value = member(node.objects[layer], key);
    const contribution = value === undefined ? node.blocked[layer] : { layer, pointer, value };
    if (contribution !== undefined) contributions.push(contribution);
  }
  return contributions as [Contribution, ...Contribution[]];
}

function member(object: JsonObject | undefined, key: string): Json | undefined {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
}

function isInLowerLayer(
  objects: readonly (JsonObject | undefined)[],
  layer: number,
  cut: number,
  key: string,
): boolean {
  for (let lower = layer + 1; lower < cut; lower++) {
    const object = objects[lower];
    if (object !== undefined && Object.hasOwn(object, key)) return true;
  }
  return false;
}

function onlyObject(objects: readonly (JsonObject | undefined)[], cut: number): JsonObject | undefined {
  let only: JsonObject | undefined;
  for (let layer = 0; layer < cut; layer++) {
    const object = objects[layer];
    if (object === undefined) continue;
    if (only !== undefined) return undefined;
    only = object;
  }
  return only;
}

function areEmpty(objects: readonly (JsonObject | undefined)[], cut: number): boolean {
  for (let layer = 0; layer < cut; layer++) {
    const object = objects[layer];
    if (object !== undefined && !isEmpty(object)) return false;
  }
  return true;
}
