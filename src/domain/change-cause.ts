import type { EffectiveConfig } from "./effective-config.js";
import { equals, isObject, type Json, type JsonObject } from "./json.js";

/**
 * The layer whose document made a field another one between two states of a config: the highest that has something else
 * there. A place among the layers, the highest first; undefined: there is none.
 * @param tokens of the field's pointer
 */
export function causingLayer(
  before: EffectiveConfig,
  after: EffectiveConfig,
  tokens: readonly string[],
): number | undefined {
  const index = after.layers.findIndex(
    ({ document }, place) => !saysTheSame(before.layers[place]?.document, document, tokens),
  );
  return index < 0 ? undefined : index;
}

/** Whether two documents have the same to say at a pointer. */
export function saysTheSame(
  a: JsonObject | undefined,
  b: JsonObject | undefined,
  tokens: readonly string[],
): boolean {
  return equals(saying(a, tokens), saying(b, tokens));
}

/** What a document has at a pointer, or the non-object that it has above it, and at which depth. Empty: neither. */
function saying(document: JsonObject | undefined, tokens: readonly string[]): Json[] {
  let value: Json | undefined = document;
  for (const [depth, token] of tokens.entries()) {
    if (value === undefined) return [];
    if (!isObject(value)) return [depth, value];
    value = Object.hasOwn(value, token) ? value[token] : undefined;
  }
  return value === undefined ? [] : [tokens.length, value];
}
