import { StrataError } from "./errors.js";
import { appendToken, POINTER_LIMIT } from "./pointer.js";

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
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const object = value as JsonObject;
  const members = Object.keys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(object[key] as Json)}`);
  return `{${members.join(",")}}`;
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
 * pointer of the trouble. Iterative, so that no nesting can exhaust the stack; linear in the size of the value.
 * @throws StrataError BAD_USER_INPUT naming the key, number, text or limit (`depth`, `fields`)
 */
export function checkJson(input: unknown): Json {
  const pending: { value: unknown; pointer: string; depth: number; leaf: boolean }[] = [
    { value: input, pointer: "", depth: 0, leaf: false },
  ];
  let leaves = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, pointer, depth, leaf } = next;
    if (typeof value !== "object" || value === null) {
      checkScalar(value, pointer);
      continue;
    }
    if (depth === LIMITS.depth) {
      throw refuse(`nested deeper than ${LIMITS.depth} levels`, shorten(pointer), "depth");
    }
    const isArray = Array.isArray(value);
    for (const [key, member] of Object.entries(value)) {
      const at = appendToken(pointer, key);
      if (!isArray) checkKey(key, at);
      const inside = leaf || isArray;
      if (!inside && at.length > POINTER_LIMIT) {
        throw refuse(
          `a field's pointer is longer than ${POINTER_LIMIT} characters`,
          shorten(pointer),
          "pointer",
        );
      }
      if (!leaf && isLeaf(member, inside) && ++leaves > LIMITS.fields) {
        throw refuse(`more than ${LIMITS.fields} fields`, "", "fields");
      }
      pending.push({ value: member, pointer: at, depth: depth + 1, leaf: inside });
    }
  }
  return input as Json;
}

/** Arrays are one leaf however much they hold; what is inside one does not count again. */
function isLeaf(member: unknown, insideArray: boolean): boolean {
  if (insideArray) return false;
  if (typeof member !== "object" || member === null || Array.isArray(member)) return true;
  return Object.keys(member).length === 0;
}

/** @throws StrataError BAD_USER_INPUT with limit `document` when the object's JSON text is too long, `fields` when it has too many leaves */
export function checkDocumentSize(document: JsonObject): void {
  if (Buffer.byteLength(JSON.stringify(document)) > LIMITS.documentBytes) {
    throw refuse(`larger than ${LIMITS.documentBytes} bytes as JSON`, "", "document");
  }
  if (countLeaves(document) > LIMITS.fields) throw refuse(`more than ${LIMITS.fields} fields`, "", "fields");
}

function checkKey(key: string, pointer: string): void {
  if (FORBIDDEN_KEYS.has(key)) {
    throw refuse(`the key "${key}" is not allowed`, pointer);
  }
  checkText(key, pointer);
}

function checkScalar(value: unknown, pointer: string): void {
  if (typeof value === "string") checkText(value, pointer);
  else if (typeof value === "number") {
    if (!Number.isFinite(value)) throw refuse("a number beyond the range of a double", pointer);
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      throw refuse("an integer beyond 2^53-1 would lose digits; send it as a string", pointer);
    }
  } else if (value !== null && typeof value !== "boolean") {
    throw refuse("not a JSON value", pointer);
  }
}

function checkText(text: string, pointer: string): void {
  if (!text.isWellFormed()) throw refuse("a lone surrogate is not text", shorten(pointer));
  if (text.includes("\u0000")) throw refuse("NUL characters are not allowed", shorten(pointer));
}

/** An error is read by a person: a pointer of thousands of tokens helps nobody. */
function shorten(pointer: string): string {
  const short =
    pointer.length <= POINTER_LIMIT ? pointer : pointer.slice(0, pointer.lastIndexOf("/", POINTER_LIMIT));
  return short.toWellFormed();
}

function refuse(reason: string, pointer: string, limit?: string): StrataError {
  const where = pointer === "" ? "The JSON given" : `The JSON given, at ${JSON.stringify(pointer)},`;
  const what = limit === undefined ? `is refused: ${reason}.` : `is over a limit: ${reason}.`;
  return new StrataError("BAD_USER_INPUT", `${where} ${what}`, limit ? { pointer, limit } : { pointer });
}
