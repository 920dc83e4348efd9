import { equals, isEmpty, isObject, type Json, type JsonObject } from "../json/json.js";
import { appendToken } from "../json/pointer.js";

/** How one leaf of a document differs from the document before it; undefined means absent. */
export interface OverrideChange {
  readonly pointer: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** Leaves that are compared in one piece. */
const PIECE = 2_000;

/**
 * Every leaf that differs: those there now in the order of the document, then those that went. It may take long, so it comes
 * in pieces.
 */
export function* overrideChanges(
  before: JsonObject | undefined,
  after: JsonObject | undefined,
): Generator<void, OverrideChange[]> {
  const olds = leavesOf(before);
  yield;
  const nows = leavesOf(after);
  yield;
  const changes: OverrideChange[] = [];
  let compared = 0;
  for (const [pointer, value] of nows) {
    if (!equals(olds.get(pointer), value)) changes.push({ pointer, before: olds.get(pointer), after: value });
    if (++compared % PIECE === 0) yield;
  }
  yield;
  for (const [pointer, value] of olds)
    if (!nows.has(pointer)) changes.push({ pointer, before: value, after: undefined });
  return changes;
}

function leavesOf(document: JsonObject | undefined): Map<string, Json> {
  const leaves = new Map<string, Json>();
  if (document !== undefined) collect(document, "", leaves);
  return leaves;
}

function collect(object: JsonObject, pointer: string, leaves: Map<string, Json>): void {
  for (const key of Object.keys(object)) {
    const [value, at] = [object[key] as Json, appendToken(pointer, key)];
    if (isObject(value) && !isEmpty(value)) collect(value, at, leaves);
    else leaves.set(at, value);
  }
}
