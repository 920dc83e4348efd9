import { isEmpty, isObject, type Json, type JsonObject, type JsonObjectDraft } from "../json/json.js";
import { appendToken, tokensOf } from "../json/pointer.js";
import type { Field } from "../merge/field-tree.js";

/** Pointers at which a document keeps its value although the parent has the same (R18), by place. */
export class PinTree {
  #isPinned = false;
  readonly #members = new Map<string, PinTree>();

  /** Undefined: there are none. */
  static of(pointers: Iterable<string>): PinTree | undefined {
    let root: PinTree | undefined;
    for (const pointer of pointers) {
      root ??= new PinTree();
      let at = root;
      for (const token of tokensOf(pointer)) at = at.#inner(token);
      at.#isPinned = true;
    }
    return root;
  }

  get isPinned(): boolean {
    return this.#isPinned;
  }

  member(key: string): PinTree | undefined {
    return this.#members.get(key);
  }

  #inner(token: string): PinTree {
    const inner = this.#members.get(token) ?? new PinTree();
    this.#members.set(token, inner);
    return inner;
  }
}

/** The pins that a document still has a leaf at: a pin goes when its override goes. In document order. */
export function keptPins(pins: Iterable<string>, document: JsonObject): string[] {
  const tree = PinTree.of(pins);
  const kept: string[] = [];
  if (tree !== undefined) collect(document, tree, "", kept);
  return kept;
}

function collect(object: JsonObject, pins: PinTree, prefix: string, kept: string[]): void {
  for (const key of Object.keys(object)) {
    const inner = pins.member(key);
    if (inner === undefined) continue;
    const value = object[key] as Json;
    const at = appendToken(prefix, key);
    if (isObject(value) && !isEmpty(value)) collect(value, inner, at, kept);
    else if (inner.isPinned) kept.push(at);
  }
}

/** A document that has the very values of fields, whatever it had there. */
export function withFields(document: JsonObject, fields: readonly Field[]): JsonObject {
  if (fields.length === 0) return document;
  const put: JsonObjectDraft = {};
  for (const { pointer, value } of fields) {
    const tokens = tokensOf(pointer);
    let at = put;
    for (const token of tokens.slice(0, -1)) {
      const next = (Object.hasOwn(at, token) ? at[token] : {}) as JsonObjectDraft;
      at[token] = next;
      at = next;
    }
    at[tokens.at(-1) as string] = value;
  }
  return putOver(put, document);
}

/** As a merge, but an empty object replaces what is there: it is a value of its own here. */
function putOver(put: JsonObject, document: JsonObject): JsonObject {
  const changed: JsonObjectDraft = { ...document };
  for (const key of Object.keys(put)) {
    const value = put[key] as Json;
    const old = Object.hasOwn(document, key) ? document[key] : undefined;
    const isBranch = isObject(value) && !isEmpty(value);
    changed[key] = isBranch ? putOver(value, isObject(old) ? old : {}) : value;
  }
  return changed;
}
