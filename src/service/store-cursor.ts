import { StrataError } from "../domain/errors.js";
import { parseJsonText } from "../domain/json/json-text.js";
import type { Position } from "../store/store.js";

/** What a cursor was made as. A later release may add members: it reads those of this one. */
const FORMAT = 1;
const LONGEST = 512;
/** Characters of a digest that tell two schema folders apart. */
const DIGEST_LENGTH = 12;

/** A position of the store, and what else it takes to go on from there. */
export interface StoreCursor extends Position {
  /** Stands for the schema folder (`schemaMark`). Absent: an older release made the cursor. */
  readonly schema?: string | undefined;
  /** The nonce of the newest commit, where it is known: after a failover another commit may have its sequence. */
  readonly commit?: string | undefined;
  /** Of a message that others of the same position were to follow. Absent: everything of that position was told. */
  readonly round?: OpenRound | undefined;
}

/** Several configs can move at one position, and each has a message of its own, by config id. */
export interface OpenRound {
  /** The config of the last message. */
  readonly last: string;
  /**
   * What was told of the configs after it: what they were at an earlier sequence; nothing yet; or nothing that still
   * counts.
   */
  readonly before: number | "nothing" | "reset";
}

/** Characters of a nonce that tell two commits of one sequence apart. */
const NONCE_LENGTH = 8;

export function commitMark(nonce: string | undefined): string | undefined {
  return nonce?.slice(0, NONCE_LENGTH);
}

export function schemaMark(digest: string): string {
  return digest.slice(0, DIGEST_LENGTH);
}

/** As text that callers hand back and do not look into. */
export function cursorOf({ incarnation, sequence, schema, commit, round }: StoreCursor): string {
  const parts = [
    FORMAT,
    incarnation,
    sequence,
    schema ?? 0,
    commit ?? 0,
    ...(round ? [round.last, round.before] : []),
  ];
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/**
 * @param pointer of the input that it was given in
 * @throws StrataError BAD_USER_INPUT when no cursor of this release's format is like that
 */
export function positionIn(cursor: string, pointer: string): StoreCursor {
  const [format, incarnation, sequence, schema, commit, last, before] = partsOf(cursor);
  if (format === FORMAT && typeof incarnation === "string" && isSequence(sequence))
    return {
      incarnation,
      sequence,
      ...(typeof schema === "string" && { schema }),
      ...(typeof commit === "string" && { commit }),
      ...(typeof last === "string" && isBefore(before) && { round: { last, before } }),
    };
  throw new StrataError(
    "BAD_USER_INPUT",
    "This is no cursor: hand back the `cursor` of a config or a message as it was answered.",
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

function isBefore(value: unknown): value is OpenRound["before"] {
  return value === "nothing" || value === "reset" || isSequence(value);
}
