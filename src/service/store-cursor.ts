import { StrataError } from "../domain/errors.js";
import { parseJsonText } from "../domain/json-text.js";
import type { Position } from "../store/store.js";

/** What a cursor was made as. A later release may add members: it reads those of this one. */
const FORMAT = 1;
const LONGEST = 512;

/** The store's position as text that callers hand back and do not look into. */
export function cursorOf({ incarnation, sequence }: Position): string {
  return Buffer.from(JSON.stringify([FORMAT, incarnation, sequence])).toString("base64url");
}

/**
 * @param pointer of the input that it was given in
 * @throws StrataError BAD_USER_INPUT when no cursor of this release's format is like that
 */
export function positionIn(cursor: string, pointer: string): Position {
  const [format, incarnation, sequence] = partsOf(cursor);
  if (format === FORMAT && typeof incarnation === "string" && isSequence(sequence))
    return { incarnation, sequence };
  throw new StrataError(
    "BAD_USER_INPUT",
    "This is no cursor: hand back the `cursor` of a config as it was answered.",
    { pointer },
  );
}

function partsOf(cursor: string): unknown[] {
  if (cursor.length > LONGEST || !/^[\w-]+$/.test(cursor)) return [];
  try {
    const parts: unknown = parseJsonText(Buffer.from(cursor, "base64url").toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}

function isSequence(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
