import { StrataError } from "../errors.js";
import { appendToken, escapeToken, POINTER_LIMIT } from "./pointer.js";

/** A JSON value as Strata holds it: `checkJson` has passed it, so no key is `__proto__` and every number is safe. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}
/** An object that its maker is still filling. */
export type JsonObjectDraft = { [key: string]: Json };

/** What one document, or one JSON value handed in by a caller, may hold at most. */
export const LIMITS = {
  /** Containers nested in each other, the outermost counted. */
  depth: 64,
  /** Leaves of a document. */
  fields: 10_000,
  /** UTF-8 bytes of a document's JSON text. */
  documentBytes: 256 * 1024,
} as const;

const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isEmpty(object: JsonObject): boolean {
  for (const _ in object) return false;
  return true;
}

/** Equality of JSON values: key order never matters, 1 and 1.0 are one number, "5" and 5 are not. */
export function equals(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => equals(item, b[index]));
  }
  if (Array.isArray(b)) return false;
  const left = a as JsonObject;
  const right = b as JsonObject;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equals(left[key], right[key]))
  );
}

/** One text per JSON value, whatever the order of its keys. */
export function canonical(value: Json): string {
  return isOrdered(value) ? JSON.stringify(value) : spelledOut(value);
}

/** Whether all keys come in order, as they do in most documents: `JSON.stringify` then takes a third of the time. */
function isOrdered(value: Json): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isOrdered);
  let last: string | undefined;
  for (const key in value) {
    if ((last !== undefined && last > key) || !isOrdered((value as JsonObject)[key] as Json)) return false;
    last = key;
  }
  return true;
}

function spelledOut(value: Json): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(spelledOut).join(",")}]`;
  const object = value as JsonObject;
  let members = "";
  for (const key of Object.keys(object).sort()) {
    if (members !== "") members += ",";
    members += `${JSON.stringify(key)}:${spelledOut(object[key] as Json)}`;
  }
  return `{${members}}`;
}

/**
 * Null means "inherit" (R3): members that are null go, and so does an object that had members and lost them all.
 * Arrays are values: nulls inside them stay. Returns undefined when nothing was given at all.
 */
export function withoutNulls(value: Json): Json | undefined {
  if (value === null) return undefined;
  if (!isObject(value) || isEmpty(value)) return value;
  const kept: JsonObjectDraft = {};
  for (const key of Object.keys(value)) {
    const member = withoutNulls(value[key] as Json);
    if (member !== undefined) kept[key] = member;
  }
  return isEmpty(kept) ? undefined : kept;
}

/**
 * The pointers of every null that means "inherit": in objects, not in arrays. What is nested deeper than a document may
 * be is passed over.
 */
export function nullPointers(object: JsonObject, pointer = "", depth = 1): string[] {
  return Object.entries(object).flatMap(([key, value]) => {
    const at = appendToken(pointer, key);
    if (value === null) return [at];
    return isObject(value) && depth < LIMITS.depth ? nullPointers(value, at, depth + 1) : [];
  });
}

/**
 * The object with each member as `select` has it, undefined being none. Where all of it stays as it is, the object itself:
 * what is known of it by its identity is known of the result.
 */
export function selectMembers(
  object: JsonObject,
  select: (key: string, value: Json) => Json | undefined,
): JsonObject {
  let changed: JsonObjectDraft | undefined;
  const keys = Object.keys(object);
  for (const [index, key] of keys.entries()) {
    const value = object[key] as Json;
    const selected = select(key, value);
    if (changed === undefined && selected !== value) changed = firstMembers(object, keys, index);
    if (changed !== undefined && selected !== undefined) changed[key] = selected;
  }
  return changed ?? object;
}

function firstMembers(object: JsonObject, keys: readonly string[], count: number): JsonObjectDraft {
  const first: JsonObjectDraft = {};
  for (const key of keys.slice(0, count)) first[key] = object[key] as Json;
  return first;
}

/** How many leaves an object has; arrays and empty objects are leaves, the empty root is none. */
export function countLeaves(object: JsonObject): number {
  let leaves = 0;
  for (const key of Object.keys(object)) {
    const value = object[key] as Json;
    leaves += isObject(value) && !isEmpty(value) ? countLeaves(value) : 1;
  }
  return leaves;
}

/**
 * The border: takes what a JSON parser made of a caller's text and returns it as Json, or refuses it with the
 * pointer of the trouble. Iterative, so that no nesting can exhaust the stack; linear in the size of the value, and no
 * further than that can be stored.
 * @throws StrataError BAD_USER_INPUT naming the key, number, text or limit (`depth`, `fields`, `pointer`, `document`)
 */
export function checkJson(input: unknown): Json {
  let leaves = 0;
  // What is in arrays takes so many bytes at least. Elsewhere nulls may come to nothing; there they stay.
  let bytes = 0;
  const root: CheckedValue = {
    value: input,
    key: "",
    above: undefined,
    depth: 0,
    pointerLength: 0,
    isField: true,
  };
  const pending = [root];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const { value } = place;
    if (typeof value !== "object" || value === null) {
      checkScalar(value, place);
      continue;
    }
    if (place.depth === LIMITS.depth)
      throw refuse(`nested deeper than ${LIMITS.depth} levels`, place, "depth");
    if (Array.isArray(value)) {
      bytes += 2 * value.length;
      checkBytes(bytes, place);
      for (let index = 0; index < value.length; index++) {
        const item: unknown = value[index];
        if (hasMembers(item)) {
          bytes += FIRST_MEMBER_BYTES;
          checkBytes(bytes, place);
        }
        checkItem(item, index, place, pending);
      }
      continue;
    }
    let isFirst = true;
    for (const key of Object.keys(value)) {
      const member = memberOf(value, key, place);
      if (!member.isField) {
        bytes += key.length + (isFirst ? 0 : MEMBER_BYTES);
        isFirst = false;
        checkBytes(bytes, place);
      } else if (isLeaf(member.value) && ++leaves > LIMITS.fields) {
        throw refuse(`more than ${LIMITS.fields} fields`, root, "fields");
      }
      pending.push(member);
    }
  }
  return input as Json;
}

/** What `"":1` takes, and the braces around it with that: counted before any of a hundred thousand objects is looked into. */
const MEMBER_BYTES = 4;
const FIRST_MEMBER_BYTES = MEMBER_BYTES + 1;

function hasMembers(value: unknown): boolean {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !isEmpty(value as JsonObject)
  );
}

/** One value on the way through, with the way to it: its pointer is spelled out only if it has to be refused. */
interface CheckedValue {
  readonly value: unknown;
  readonly key: string;
  readonly above: CheckedValue | undefined;
  readonly depth: number;
  readonly pointerLength: number;
  /** Whether a field could be here: arrays are one field, whatever they hold. */
  readonly isField: boolean;
}

/** There can be a hundred thousand of them: only those with something inside have to be come back to. */
function checkItem(value: unknown, index: number, above: CheckedValue, pending: CheckedValue[]): void {
  const isContainer = typeof value === "object" && value !== null;
  if (!isContainer && flawOf(value) === undefined) return;
  const place = {
    value,
    key: String(index),
    above,
    depth: above.depth + 1,
    pointerLength: 0,
    isField: false,
  };
  if (isContainer) pending.push(place);
  else checkScalar(value, place);
}

function memberOf(value: object, key: string, above: CheckedValue): CheckedValue {
  const pointerLength = above.pointerLength + 1 + escapeToken(key).length;
  const member = (value as Record<string, unknown>)[key];
  const { depth, isField } = above;
  const place = { value: member, key, above, depth: depth + 1, pointerLength, isField };
  if (FORBIDDEN_KEYS.has(key)) throw refuse(`the key "${key}" is not allowed`, place);
  const flaw = textFlawOf(key);
  if (flaw !== undefined) throw refuse(flaw, place);
  if (isField && pointerLength > POINTER_LIMIT) {
    throw refuse(`a field's pointer is longer than ${POINTER_LIMIT} characters`, place, "pointer");
  }
  return place;
}

function checkBytes(bytes: number, place: CheckedValue): void {
  if (bytes > LIMITS.documentBytes)
    throw refuse(`larger than ${LIMITS.documentBytes} bytes as JSON`, place, "document");
}

function isLeaf(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return true;
  return isEmpty(value as JsonObject);
}

/** @throws StrataError BAD_USER_INPUT with limit `document` when the object's JSON text is too long, `fields` when it has too many leaves */
export function checkDocumentSize(document: JsonObject): void {
  const tooLarge = (reason: string, limit: string) =>
    new StrataError("BAD_USER_INPUT", `The document would be over a limit: ${reason}.`, {
      pointer: "",
      limit,
    });
  if (Buffer.byteLength(JSON.stringify(document)) > LIMITS.documentBytes) {
    throw tooLarge(`larger than ${LIMITS.documentBytes} bytes as JSON`, "document");
  }
  if (countLeaves(document) > LIMITS.fields) throw tooLarge(`more than ${LIMITS.fields} fields`, "fields");
}

function checkScalar(value: unknown, place: CheckedValue): void {
  const flaw = flawOf(value);
  if (flaw !== undefined) throw refuse(flaw, place);
}

/** What is wrong with a value that is no object and no array. */
function flawOf(value: unknown): string | undefined {
  if (typeof value === "string") return textFlawOf(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return "a number that a double cannot hold";
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      return "an integer beyond 2^53-1 would lose digits; send it as a string";
    return undefined;
  }
  return value === null || typeof value === "boolean" ? undefined : "not a JSON value";
}

function textFlawOf(text: string): string | undefined {
  if (!text.isWellFormed()) return "a lone surrogate is not text";
  return text.includes("\u0000") ? "NUL characters are not allowed" : undefined;
}

/** An error is read by a person: of a pointer of thousands of tokens the beginning is enough. */
function pointerTo(place: CheckedValue): string {
  const keys: string[] = [];
  for (let at = place; at.above !== undefined; at = at.above) keys.push(at.key);
  const pointer = keys.reverse().slice(0, LIMITS.depth).reduce(appendToken, "");
  const short =
    pointer.length <= POINTER_LIMIT ? pointer : pointer.slice(0, pointer.lastIndexOf("/", POINTER_LIMIT));
  return short.toWellFormed();
}

function refuse(reason: string, place: CheckedValue, limit?: string): StrataError {
  const pointer = pointerTo(place);
  const where = pointer === "" ? "The JSON given" : `The JSON given, at ${JSON.stringify(pointer)},`;
  const what = limit === undefined ? `is refused: ${reason}.` : `is over a limit: ${reason}.`;
  return new StrataError("BAD_USER_INPUT", `${where} ${what}`, limit ? { pointer, limit } : { pointer });
}
