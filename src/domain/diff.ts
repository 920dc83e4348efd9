import { equals, isEmpty, isObject, type Json, type JsonObject, type JsonObjectDraft } from "./json.js";

/**
 * What `values` say differently from `parent`, leaf by leaf (R7, R11): the smallest document that, merged over the
 * parent, gives what the values give. Nulls have been taken out before (`withoutNulls`).
 */
export function diff(values: JsonObject, parent: JsonObject): JsonObject {
  const different: JsonObjectDraft = {};
  for (const key of Object.keys(values)) {
    const value = difference(values[key] as Json, Object.hasOwn(parent, key) ? parent[key] : undefined);
    if (value !== undefined) different[key] = value;
  }
  return different;
}

function difference(value: Json, inherited: Json | undefined): Json | undefined {
  if (isObject(value) && isObject(inherited)) {
    const inner = diff(value, inherited);
    return isEmpty(inner) ? undefined : inner;
  }
  return equals(value, inherited) ? undefined : value;
}
