import { isEmpty, isObject, type Json, type JsonObject, type JsonObjectDraft } from "./json.js";
import { escapeToken } from "./pointer.js";

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
 * replaced whole. `walk.onField` hears of every leaf in merge order (the lowest layer's members first, then each higher
 * layer's new ones), with all that every layer has there. What was given is shared with the result, never changed.
 */
export function merge(documents: readonly (JsonObject | undefined)[], walk: MergeWalk = {}): JsonObject {
  const blocked = documents.map(() => undefined);
  return mergeNode({ objects: documents, blocked, cut: documents.length }, "/", walk);
}

/** What is heard of on the way. */
export interface MergeWalk {
  readonly onField?: (field: Field) => void;
  /** Members of a document may contribute to no field: a non-object of a higher layer, or nothing in them, is in the way. */
  readonly onCovered?: () => void;
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

function mergeNode(node: Node, prefix: string, walk: MergeWalk): JsonObject {
  const { objects, cut } = node;
  if (walk.onField === undefined) {
    const only = onlyObject(objects, cut);
    if (only !== undefined) return only;
  }
  const merged: JsonObjectDraft = {};
  for (let lowest = cut - 1; lowest >= 0; lowest--) {
    const object = objects[lowest];
    if (object === undefined) continue;
    for (const key of Object.keys(object)) {
      if (!isInLayers(objects, lowest + 1, cut, key)) {
        merged[key] = mergeMember(node, lowest, key, prefix, walk);
      }
    }
  }
  return merged;
}

/** @param lowest the lowest layer above the cut that has the member */
function mergeMember(node: Node, lowest: number, key: string, prefix: string, walk: MergeWalk): Json {
  const { objects } = node;
  const { onField } = walk;
  let highest = 0;
  let value = member(objects[0], key);
  while (value === undefined && highest < lowest) value = member(objects[++highest], key);
  const pointer = onField === undefined ? "" : prefix + escapeToken(key);
  if (isObject(value)) {
    const inner = descend(node, highest, key, pointer, walk);
    if (!areEmpty(inner)) return mergeNode(inner, `${pointer}/`, walk);
  }
  const leaf = value as Json;
  if (onField !== undefined) {
    onField({ pointer, value: leaf, contributions: contributionsAt(node, highest, key, pointer, leaf) });
  }
  return leaf;
}

/** Steps into a member that is an object in layer `highest`, keeping what every layer has there, covered or not. */
function descend(
  { objects, blocked, cut }: Node,
  highest: number,
  key: string,
  pointer: string,
  { onCovered }: MergeWalk,
): Node {
  const inner = objects.slice();
  const innerBlocked = blocked.slice();
  let innerCut = cut;
  for (let layer = 0; layer < inner.length; layer++) {
    const value = member(inner[layer], key);
    if (value === undefined || isObject(value)) {
      inner[layer] = value;
      if (value !== undefined && isEmpty(value)) onCovered?.();
      continue;
    }
    onCovered?.();
    inner[layer] = undefined;
    innerBlocked[layer] = { layer, pointer, value };
    if (layer > highest && layer < innerCut) innerCut = layer;
  }
  return { objects: inner, blocked: innerBlocked, cut: innerCut };
}

function contributionsAt(
  { objects, blocked }: Node,
  highest: number,
  key: string,
  pointer: string,
  value: Json,
): [Contribution, ...Contribution[]] {
  // Most fields have one contribution: a literal of one takes an eighth of the room that pushing to none would.
  const contributions: [Contribution, ...Contribution[]] = [{ layer: highest, pointer, value }];
  for (let layer = highest + 1; layer < objects.length; layer++) {
    const lower = member(objects[layer], key);
    const contribution = lower === undefined ? blocked[layer] : { layer, pointer, value: lower };
    if (contribution !== undefined) contributions.push(contribution);
  }
  return contributions;
}

/** Asking first costs a tenth of looking up in vain: a miss goes all the way through the prototype. */
function member(object: JsonObject | undefined, key: string): Json | undefined {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
}

function isInLayers(
  objects: readonly (JsonObject | undefined)[],
  from: number,
  to: number,
  key: string,
): boolean {
  for (let layer = from; layer < to; layer++) {
    const object = objects[layer];
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

function areEmpty({ objects, cut }: Node): boolean {
  for (let layer = 0; layer < cut; layer++) {
    const object = objects[layer];
    if (object !== undefined && !isEmpty(object)) return false;
  }
  return true;
}
