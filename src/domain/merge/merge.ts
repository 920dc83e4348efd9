import { isEmpty, isObject, type Json, type JsonObject, type JsonObjectDraft } from "../json/json.js";

/** Folds documents, highest precedence first, into one object (R2). What was given is shared with the result, never changed. */
export function merge(documents: readonly (JsonObject | undefined)[]): JsonObject {
  return documents.reduceRight<JsonObject>((below, document) => mergeOver(document ?? {}, below), {});
}

/**
 * One document over what lies below it: objects merge key by key, everything else is replaced whole. What only one of the
 * two has is shared with the result.
 * @param onCovered hears when members of a document may contribute to no field: a non-object, or nothing in them, is in
 * the way
 */
export function mergeOver(document: JsonObject, below: JsonObject, onCovered?: () => void): JsonObject {
  if (isEmpty(document)) return below;
  if (isEmpty(below)) return document;
  const merged: JsonObjectDraft = { ...below };
  for (const key of Object.keys(document)) {
    const value = document[key] as Json;
    merged[key] = Object.hasOwn(below, key) ? valueOver(value, below[key] as Json, onCovered) : value;
  }
  return merged;
}

function valueOver(value: Json, below: Json, onCovered?: () => void): Json {
  if (!isObject(value) && !isObject(below)) return value;
  if (!isObject(value) || !isObject(below) || isEmpty(value) || isEmpty(below)) onCovered?.();
  return isObject(value) && isObject(below) ? mergeOver(value, below, onCovered) : value;
}
