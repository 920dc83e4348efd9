import { equals, isObject, type Json, type JsonObject } from "../json/json.js";
import { appendToken } from "../json/pointer.js";

const NOTHING: JsonObject = {};

/**
 * The pointers at which two documents differ: of the leaves that were put, changed, or went. Where an object takes the place
 * of another type, or the other way round, it is one change.
 */
export function* changedPointers(before: JsonObject, after: JsonObject, at = ""): Generator<string> {
  for (const key of Object.keys(after))
    yield* changedAt(Object.hasOwn(before, key) ? before[key] : undefined, after[key], appendToken(at, key));
  for (const key of Object.keys(before))
    if (!Object.hasOwn(after, key)) yield* changedAt(before[key], undefined, appendToken(at, key));
}

function* changedAt(before: Json | undefined, after: Json | undefined, at: string): Generator<string> {
  const [old, now] = [before ?? NOTHING, after ?? NOTHING];
  if (!isObject(old) || !isObject(now)) {
    if (!equals(before, after)) yield at;
    return;
  }
  let count = 0;
  for (const pointer of changedPointers(old, now, at)) {
    count++;
    yield pointer;
  }
  // An empty object came or went.
  if (count === 0 && (before === undefined) !== (after === undefined)) yield at;
}
