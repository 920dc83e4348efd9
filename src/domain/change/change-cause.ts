import { equals, isObject, type Json, type JsonObject } from "../json/json.js";
import { tokensOf } from "../json/pointer.js";
import { type Constraint, sameConstraints } from "../merge/constraint.js";
import type { EffectiveConfig } from "../merge/effective-config.js";

/** What made a field another one. */
export interface ChangeCause {
  /** A place among the layers, the highest first. */
  readonly layer: number;
  /** `document`: what the layer says there. `constraints`: what it says to the layers above it about the place. */
  readonly by: "document" | "constraints";
}

/**
 * The layer that made a field another one between two states of a config: the highest of which something else is in force
 * or shadowed there; or, where its document says the same, the nearest one below whose constraints made the difference.
 * Undefined: there is none.
 */
export function causeOf(
  before: EffectiveConfig,
  after: EffectiveConfig,
  pointer: string,
): ChangeCause | undefined {
  const tokens = tokensOf(pointer);
  const layer = after.merged.documents.findIndex(
    (document, place) => !saysTheSame(before.merged.documents[place], document, tokens),
  );
  if (layer < 0) return undefined;
  const [old, now] = [before.layers[layer]?.document, after.layers[layer]?.document];
  if (!saysTheSame(old, now, tokens)) return { layer, by: "document" };
  const constraining = after.layers.findIndex(
    ({ constraints }, place) =>
      place > layer && !constrainsTheSame(before.layers[place]?.constraints, constraints, pointer),
  );
  // Bounds judge whole objects: what the document says elsewhere can have made the difference.
  return constraining < 0 ? { layer, by: "document" } : { layer: constraining, by: "constraints" };
}

/** Whether two lists of constraints say the same about a place: at it, above it and below it. */
export function constrainsTheSame(
  a: readonly Constraint[] | undefined,
  b: readonly Constraint[] | undefined,
  pointer: string,
): boolean {
  const isAbout = ({ pointer: at }: Constraint) =>
    at === pointer || pointer.startsWith(`${at}/`) || at.startsWith(`${pointer}/`);
  return sameConstraints(a?.filter(isAbout), b?.filter(isAbout));
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
