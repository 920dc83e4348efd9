import { equals, isEmpty, isObject, type Json, type JsonObject } from "../json/json.js";
import { appendToken } from "../json/pointer.js";

/** A place that two edits of the same base changed, each to something else; undefined means absent. */
export interface Overlap {
  readonly pointer: string;
  readonly base: Json | undefined;
  readonly mine: Json | undefined;
  readonly theirs: Json | undefined;
}

const NOTHING: JsonObject = {};

/**
 * Where an edit would overwrite what another one has changed since (R23), leaf by leaf. Where one of the two has no object and the
 * other has one, the place is one overlap as a whole.
 * @param theirs what is there now
 * @param mine what would be there
 */
export function* overlaps(base: JsonObject, theirs: JsonObject, mine: JsonObject): Generator<Overlap> {
  yield* membersOf({ pointer: "", base, theirs, mine });
}

function* overlapsAt(at: Overlap): Generator<Overlap> {
  const { base, theirs, mine } = at;
  if (equals(mine, theirs) || equals(base, theirs)) return;
  const isInside = isObjectOrAbsent(theirs) && isObjectOrAbsent(mine) && !isEmptyAgainstNothing(theirs, mine);
  if (isInside) yield* membersOf(at);
  else yield at;
}

function* membersOf({ pointer, base, theirs, mine }: Overlap): Generator<Overlap> {
  const [was, is, would] = [base, theirs, mine].map((value) => (isObject(value) ? value : NOTHING)) as [
    JsonObject,
    JsonObject,
    JsonObject,
  ];
  // What neither of the two has is the same in both.
  for (const key of new Set([...Object.keys(is), ...Object.keys(would)])) {
    const at = appendToken(pointer, key);
    yield* overlapsAt({ pointer: at, base: own(was, key), theirs: own(is, key), mine: own(would, key) });
  }
}

function isObjectOrAbsent(value: Json | undefined): value is JsonObject | undefined {
  return value === undefined || isObject(value);
}

/** An empty object is a leaf: one that comes or goes is a change by itself. */
function isEmptyAgainstNothing(a: JsonObject | undefined, b: JsonObject | undefined): boolean {
  return (a === undefined || b === undefined) && isEmpty(a ?? b ?? NOTHING);
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
