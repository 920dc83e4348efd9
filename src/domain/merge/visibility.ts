import {
  isEmpty,
  isObject,
  type Json,
  type JsonObject,
  type JsonObjectDraft,
  selectMembers,
} from "../json/json.js";
import { appendToken } from "../json/pointer.js";

/** What an account sees of an object: for each member nothing, or what is seen inside it. */
export interface Visibility {
  member(key: string): Visibility | undefined;
}

/** Sees all there is, at any depth. */
export const EVERYTHING: Visibility = { member: () => EVERYTHING };

/** Whether a place is seen, whatever is there. The root always is. */
export function isVisibleAt(visibility: Visibility | undefined, tokens: readonly string[]): boolean {
  let inside = visibility;
  for (const token of tokens) inside = inside?.member(token);
  return inside !== undefined;
}

/**
 * The part of a document that is seen (R5); undefined when nothing of it is. Arrays are seen whole or not at all, and
 * an object of which nothing is seen is not there; one stored empty is.
 */
export function visiblePart(document: JsonObject, visibility: Visibility): JsonObject | undefined {
  const seen = seenMembers(document, visibility);
  return isEmpty(seen) ? undefined : seen;
}

function seenMembers(object: JsonObject, visibility: Visibility): JsonObject {
  if (visibility === EVERYTHING) return object;
  return selectMembers(object, (key, value) => {
    const inside = visibility.member(key);
    if (inside === undefined) return undefined;
    if (!isObject(value) || isEmpty(value)) return value;
    const part = seenMembers(value, inside);
    return isEmpty(part) ? undefined : part;
  });
}

/**
 * A document with another visible part: what is not visible of it stays, except below a visible value that is no object.
 * @param visible as `visiblePart` makes it
 */
export function withVisiblePart(
  document: JsonObject,
  visible: JsonObject | undefined,
  visibility: Visibility,
): JsonObject {
  const made: JsonObjectDraft = { ...visible };
  if (visibility === EVERYTHING) return made;
  for (const key of Object.keys(document)) {
    const inside = visibility.member(key);
    const value = document[key] as Json;
    if (inside === undefined) made[key] = value;
    else if (isObject(value)) {
      const shown = Object.hasOwn(made, key) ? made[key] : undefined;
      if (shown !== undefined && !isObject(shown)) continue;
      const member = withVisiblePart(value, shown, inside);
      if (shown !== undefined || !isEmpty(member)) made[key] = member;
    }
  }
  return made;
}

/** The pointers, outermost ones only, of everything in `values` that is not seen. */
export function unseenPointers(values: JsonObject, visibility: Visibility, pointer = ""): string[] {
  const pointers: string[] = [];
  if (visibility === EVERYTHING) return pointers;
  for (const key of Object.keys(values)) {
    const at = appendToken(pointer, key);
    const inside = visibility.member(key);
    const value = values[key] as Json;
    if (inside === undefined) pointers.push(at);
    else if (isObject(value)) for (const deeper of unseenPointers(value, inside, at)) pointers.push(deeper);
  }
  return pointers;
}
