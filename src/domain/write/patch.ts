import {
  equals,
  isEmpty,
  isObject,
  type Json,
  type JsonObject,
  type JsonObjectDraft,
  withoutNulls,
} from "../json/json.js";
import { parsePointer } from "../json/pointer.js";
import type { PinTree } from "./pins.js";

/**
 * Goes leaf by leaf through what the patch names and touches nothing else (R8). Null drops the override there and
 * below; a value that the parent has there is dropped too; any other is put. Afterwards every value that the patch
 * names is the effective one. Returns the new override, empty when nothing is left.
 * @param pins leaves that are put although the parent has the same (R18)
 */
export function applyPatch(
  override: JsonObject,
  parent: JsonObject,
  patch: JsonObject,
  pins?: PinTree,
): JsonObject {
  const patched: JsonObjectDraft = { ...override };
  for (const key of Object.keys(patch)) {
    const value = patchMember(own(override, key), own(parent, key), patch[key] as Json, pins?.member(key));
    if (value === undefined) delete patched[key];
    else patched[key] = value;
  }
  return patched;
}

function patchMember(
  override: Json | undefined,
  inherited: Json | undefined,
  value: Json,
  pins: PinTree | undefined,
): Json | undefined {
  if (value === null) return undefined;
  const isPinned = pins?.isPinned === true;
  if (!isObject(value)) return equals(value, inherited) && !isPinned ? undefined : value;
  if (isEmpty(value))
    return isObject(override) ? override : isObject(inherited) && !isPinned ? undefined : value;
  // Nulls below a non-object find nothing to drop; only a value may replace what is in its way.
  if (override !== undefined && !isObject(override) && withoutNulls(value) === undefined) return override;
  const before = isObject(override) ? override : undefined;
  const after = applyPatch(before ?? {}, isObject(inherited) ? inherited : {}, value, pins);
  // An object that loses its last member goes with it; one that was empty before stays.
  const stays = before !== undefined && isEmpty(before);
  return isEmpty(after) && !stays ? undefined : after;
}

/**
 * Drops the overrides at or under the pointers, or all of them when `pointers` is absent or holds `""` (R9). What has
 * no override is passed over. Returns the new override, empty when nothing is left.
 * @throws StrataError BAD_USER_INPUT for a malformed pointer; nothing is dropped then
 */
export function reset(override: JsonObject, pointers: readonly string[] | undefined): JsonObject {
  if (pointers === undefined) return {};
  const paths = pointers.map(parsePointer);
  if (paths.some((path) => path.length === 0)) return {};
  // A reset is a patch of nulls; gathered into one, it takes one walk however many pointers there are.
  return applyPatch(override, {}, nullsAt(paths));
}

function nullsAt(paths: readonly (readonly string[])[]): JsonObject {
  const nulls: JsonObjectDraft = bare();
  for (const path of paths) {
    let at = nulls;
    for (const [index, token] of path.entries()) {
      const known = at[token];
      if (known === null) break;
      if (index === path.length - 1) at[token] = null;
      else {
        const next = (known as JsonObjectDraft | undefined) ?? bare();
        at[token] = next;
        at = next;
      }
    }
  }
  return nulls;
}

/** Tokens come from callers unchecked; without a prototype, `__proto__` is a key like any other. */
function bare(): JsonObjectDraft {
  return Object.create(null) as JsonObjectDraft;
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
