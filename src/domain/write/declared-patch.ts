import { equals, isEmpty, isObject, type Json, type JsonObject, type JsonObjectDraft } from "../json/json.js";
import { appendToken } from "../json/pointer.js";

/**
 * What a document has to be patched with to hold what is declared, and no more: what it holds already is not in it. Null
 * declares that the document has nothing there. Empty: it holds all of it.
 * @param own the document's overrides
 */
export function declaredPatch(declared: JsonObject, own: JsonObject): JsonObject {
  const patch: JsonObjectDraft = {};
  for (const key of Object.keys(declared)) {
    const part = missing(declared[key] as Json, Object.hasOwn(own, key) ? own[key] : undefined);
    if (part !== undefined) patch[key] = part;
  }
  return patch;
}

function missing(declared: Json, own: Json | undefined): Json | undefined {
  if (declared === null) return own === undefined ? undefined : null;
  if (!isObject(declared)) return equals(declared, own) ? undefined : declared;
  // An empty object over an object changes nothing (R2).
  if (isEmpty(declared)) return isObject(own) ? undefined : declared;
  const patch = declaredPatch(declared, isObject(own) ? own : {});
  return isEmpty(patch) ? undefined : patch;
}

/** The pointers of leaves that say the same as another object has there. Nulls and what is below them say nothing. */
export function equalPointers(values: JsonObject, other: JsonObject, prefix = ""): string[] {
  return Object.keys(values).flatMap((key): string[] => {
    if (!Object.hasOwn(other, key)) return [];
    const [value, there] = [values[key] as Json, other[key] as Json];
    const pointer = appendToken(prefix, key);
    if (isObject(value) && !isEmpty(value))
      return isObject(there) ? equalPointers(value, there, pointer) : [];
    return value !== null && equals(value, there) ? [pointer] : [];
  });
}
