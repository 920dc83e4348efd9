import { equals, isEmpty, isObject, type Json, type JsonObject, type JsonObjectDraft } from "../json/json.js";
import type { PinTree } from "./pins.js";

/**
 * What `values` say differently from `parent`, leaf by leaf (R7, R11): the smallest document that, merged over the
 * parent, gives what the values give. Nulls have been taken out before (`withoutNulls`).
 * @param pins leaves that are kept where they are equal (R18)
 */
export function diff(values: JsonObject, parent: JsonObject, pins?: PinTree): JsonObject {
  const different: JsonObjectDraft = {};
  for (const key of Object.keys(values)) {
    const inherited = Object.hasOwn(parent, key) ? parent[key] : undefined;
    const value = difference(values[key] as Json, inherited, pins?.member(key));
    if (value !== undefined) different[key] = value;
  }
  return different;
}

function difference(value: Json, inherited: Json | undefined, pins: PinTree | undefined): Json | undefined {
  const isPinned = pins?.isPinned === true;
  if (isObject(value) && isObject(inherited)) {
    if (isPinned && isEmpty(value)) return value;
    const inner = diff(value, inherited, pins);
    return isEmpty(inner) ? undefined : inner;
  }
  return equals(value, inherited) && !isPinned ? undefined : value;
}
