import { isEmpty, isObject, type Json, type JsonObject } from "../json/json.js";
import { escapeToken } from "../json/pointer.js";

/** What one layer has at a field: its value there, or the non-object it has at an ancestor of it. */
export interface Contribution {
  /** The layer's place among those that were merged, counted from the lowest, which is 0. */
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

/** An object of merged documents: its members, in merge order, are fields, or objects that have some. */
export class FieldTree {
  /** A plain object would put names that look like integers first. */
  constructor(readonly members: ReadonlyMap<string, Field | FieldTree>) {}

  /** Every field, in merge order. */
  list(): Field[] {
    const fields: Field[] = [];
    this.#addTo(fields);
    return fields;
  }

  #addTo(fields: Field[]): void {
    for (const member of this.members.values()) {
      if (member instanceof FieldTree) member.#addTo(fields);
      else fields.push(member);
    }
  }

  /** What is at the end of a way down; undefined: nothing. */
  at(tokens: readonly string[]): Field | FieldTree | undefined {
    let found: Field | FieldTree | undefined = this;
    for (const token of tokens) {
      if (!(found instanceof FieldTree)) return undefined;
      found = found.members.get(token);
    }
    return found;
  }
}

export const NO_FIELDS = new FieldTree(new Map());

/** One place in the documents of all layers, highest precedence first. */
interface LayersAtPlace {
  /** What each layer has here, where it is an object. */
  readonly objects: readonly (JsonObject | undefined)[];
  /** The non-object that a layer has at an ancestor of this place. */
  readonly blocked: readonly (Contribution | undefined)[];
}

/**
 * The fields of documents merged (R2), highest precedence first: of the first one over those of all after it. One walk
 * finds each field's value and where it comes from (R16), and only goes where the first document has something; the rest
 * is shared with the fields of the layers below.
 */
export function fieldsOver(documents: readonly (JsonObject | undefined)[], below: FieldTree): FieldTree {
  const [document] = documents;
  if (document === undefined || isEmpty(document)) return below;
  return over({ objects: documents, blocked: documents.map(() => undefined) }, below, "/");
}

function over(place: LayersAtPlace, below: FieldTree, prefix: string): FieldTree {
  const document = place.objects[0] as JsonObject;
  const members = new Map(below.members);
  for (const key of Object.keys(document)) {
    const value = document[key] as Json;
    const old = below.members.get(key);
    const pointer = prefix + escapeToken(key);
    if (isObject(value) && !isEmpty(value)) {
      const inner = old instanceof FieldTree ? old : NO_FIELDS;
      members.set(key, over(descend(place, key, pointer), inner, `${pointer}/`));
    } else if (!(isObject(value) && old instanceof FieldTree)) {
      // An empty object over one with members would change nothing.
      members.set(key, { pointer, value, contributions: contributionsAt(place, key, pointer, value) });
    }
  }
  return new FieldTree(members);
}

/** Steps into a member, keeping what every layer has there, covered by a higher one or not. */
function descend({ objects, blocked }: LayersAtPlace, key: string, pointer: string): LayersAtPlace {
  const inner = objects.slice();
  const innerBlocked = blocked.slice();
  for (let index = 0; index < inner.length; index++) {
    const value = member(inner[index], key);
    const object = isObject(value) ? value : undefined;
    inner[index] = object;
    if (value !== undefined && object === undefined)
      innerBlocked[index] = { layer: inner.length - 1 - index, pointer, value };
  }
  return { objects: inner, blocked: innerBlocked };
}

/** @param value that the highest layer has there */
function contributionsAt(
  { objects, blocked }: LayersAtPlace,
  key: string,
  pointer: string,
  value: Json,
): [Contribution, ...Contribution[]] {
  const highest = objects.length - 1;
  // Most fields have one contribution: a literal of one takes an eighth of the room that pushing to none would.
  const contributions: [Contribution, ...Contribution[]] = [{ layer: highest, pointer, value }];
  for (let index = 1; index <= highest; index++) {
    const lower = member(objects[index], key);
    const contribution =
      lower === undefined ? blocked[index] : { layer: highest - index, pointer, value: lower };
    if (contribution !== undefined) contributions.push(contribution);
  }
  return contributions;
}

/** Asking first costs a tenth of looking up in vain: a miss goes all the way through the prototype. */
function member(object: JsonObject | undefined, key: string): Json | undefined {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
}
