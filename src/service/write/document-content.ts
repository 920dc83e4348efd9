import { StrataError } from "../../domain/errors.js";
import {
  checkDocumentSize,
  equals,
  isEmpty,
  type Json,
  type JsonObject,
  LIMITS,
} from "../../domain/json/json.js";
import { CONSTRAINTS_LIMIT, type Constraint, sameConstraints } from "../../domain/merge/constraint.js";
import { keptPins } from "../../domain/write/pins.js";
import { checkPatterns } from "../../schema/bounds.js";
import type { DocumentContent } from "../../store/store.js";

/**
 * A document as it is stored: gone where it has neither overrides nor constraints (R17).
 * @param pins those that count where the override still has a leaf there (R18)
 */
export function contentOf(
  override: JsonObject,
  constraints: readonly Constraint[],
  pins: Iterable<string>,
): DocumentContent {
  const kept = keptPins(pins, override);
  if (isEmpty(override) && constraints.length === 0) return { override: undefined };
  return {
    override,
    ...(constraints.length > 0 && { constraints }),
    ...(kept.length > 0 && { pins: kept }),
  };
}

export function sameContent(a: DocumentContent, b: DocumentContent): boolean {
  if (!equals(a.override ?? {}, b.override ?? {})) return false;
  return sameConstraints(a.constraints, b.constraints) && samePins(a.pins, b.pins);
}

/** They come in the order of the document, which may have changed. */
function samePins(a: readonly string[] = [], b: readonly string[] = []): boolean {
  const known = new Set(b);
  return a.length === b.length && a.every((pointer) => known.has(pointer));
}

/** @throws StrataError BAD_USER_INPUT with limit `constraints`, `document` or `fields` */
export function checkContentSize({ override = {}, constraints = [], pins = [] }: DocumentContent): void {
  if (constraints.length > CONSTRAINTS_LIMIT) {
    throw new StrataError(
      "BAD_USER_INPUT",
      `The document would be over a limit: it may have ${CONSTRAINTS_LIMIT} constraints.`,
      { pointer: "/set", limit: "constraints" },
    );
  }
  checkPatterns(constraints);
  checkDocumentSize(override);
  if (constraints.length === 0 && pins.length === 0) return;
  const bytes = Buffer.byteLength(JSON.stringify([override, constraints, pins]));
  if (bytes <= LIMITS.documentBytes) return;
  throw new StrataError(
    "BAD_USER_INPUT",
    `The document would be over a limit: with its constraints and pins larger than ${LIMITS.documentBytes} bytes as JSON.`,
    { pointer: "", limit: "document" },
  );
}

/** The same for the same document. */
export function digestible({ override = {}, constraints, pins }: DocumentContent): Json {
  if (constraints === undefined && pins === undefined) return override;
  return [override, (constraints ?? []).map((constraint) => ({ ...constraint })), pins ?? []];
}
