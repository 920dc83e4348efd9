import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { StrataError } from "../../domain/errors.js";
import type { Position } from "../store.js";

const WRITE_EVERY_MS = 1_000;

/**
 * The highest sequence that this gateway has acknowledged, and in which life of the store. A store that stands below it,
 * or is another one, has lost something. Kept in a small file across restarts, at most a second old.
 */
export class HighWaterMark {
  #position: Position | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param file undefined: remembered for this process only */
  constructor(
    private readonly file: string | undefined,
    private readonly onError: (error: Error) => void,
  ) {
    this.#position = file === undefined ? undefined : readMark(file);
  }

  get position(): Position | undefined {
    return this.#position;
  }

  /** Another life of the store begins to count. */
  adopt(position: Position): void {
    this.#position = position;
    this.#writeSoon();
  }

  acknowledge(sequence: number): void {
    if (this.#position === undefined || sequence <= this.#position.sequence) return;
    this.#position = { ...this.#position, sequence };
    this.#writeSoon();
  }

  close(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#write();
  }

  #writeSoon(): void {
    if (this.file === undefined) return;
    this.#timer ??= setTimeout(() => this.#write(), WRITE_EVERY_MS).unref();
  }

  #write(): void {
    this.#timer = undefined;
    const { file } = this;
    const mine = this.#position;
    if (file === undefined || mine === undefined) return;
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      // Gateways of one folder share the file.
      const other = readMark(file);
      const isOlder = other?.incarnation === mine.incarnation && other.sequence > mine.sequence;
      const temporary = `${file}.${randomUUID()}`;
      writeFileSync(temporary, JSON.stringify(isOlder ? other : mine), { mode: 0o600 });
      renameSync(temporary, file);
    } catch (error) {
      this.onError(error as Error);
    }
  }
}

function readMark(file: string): Position | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unreadable(file, (error as Error).message);
  }
  const mark = parseMark(text);
  if (mark !== undefined) return mark;
  throw unreadable(file, "it does not hold what Strata wrote into it. Move it away");
}

function unreadable(file: string, reason: string): StrataError {
  return new StrataError(
    "STORE_UNAVAILABLE",
    `The file ${resolve(file)} cannot be used: ${reason}. STRATA_STATE names its folder.`,
  );
}

function parseMark(text: string): Position | undefined {
  try {
    const { incarnation, sequence } = JSON.parse(text);
    return typeof incarnation === "string" && typeof sequence === "number"
      ? { incarnation, sequence }
      : undefined;
  } catch {
    return undefined;
  }
}
