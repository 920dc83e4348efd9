import type { JsonObject } from "../domain/json/json.js";
import { parseJsonText } from "../domain/json/json-text.js";
import type { Constraint } from "../domain/merge/constraint.js";
import type { DocumentContent } from "./stored.js";

/**
 * A document as text: its override, and where it has constraints or pins a second line with those. JSON has no line breaks
 * of its own, so that a release which knows of overrides alone takes a text of two lines for damaged, never for a document
 * without constraints.
 */
export interface DocumentText {
  readonly override: string;
  /** Undefined: it has neither constraints nor pins. */
  readonly rules: string | undefined;
}

interface Rules {
  readonly constraints?: readonly Constraint[];
  readonly pins?: readonly string[];
}

/** Undefined: the document is removed. */
export function documentText({ override, constraints = [], pins = [] }: DocumentContent): string | undefined {
  if (override === undefined) return undefined;
  const rules: Rules = {
    ...(constraints.length > 0 && { constraints: constraints.map(asStored) }),
    ...(pins.length > 0 && { pins }),
  };
  const isPlain = constraints.length === 0 && pins.length === 0;
  return joinedText({
    override: JSON.stringify(override),
    rules: isPlain ? undefined : JSON.stringify(rules),
  });
}

/** Its own members alone: a constraint may come with its schema compiled. */
function asStored({ pointer, kind, schema, reason }: Constraint): Constraint {
  return { pointer, kind, ...(schema !== undefined && { schema }), reason };
}

export function joinedText({ override, rules }: DocumentText): string {
  return rules === undefined ? override : `${override}\n${rules}`;
}

export function splitText(text: string): DocumentText {
  const at = text.indexOf("\n");
  return at < 0
    ? { override: text, rules: undefined }
    : { override: text.slice(0, at), rules: text.slice(at + 1) };
}

/** @throws Error when it is no document */
export function parseDocumentText(text: string): DocumentContent {
  const { override, rules } = splitText(text);
  const found = rules === undefined ? {} : (parseJsonText(rules) as Rules);
  return { override: parseJsonText(override) as JsonObject, ...found };
}
