import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { StrataError } from "../domain/errors.js";
import { digestedPart, type ExportEnd, type ExportedItem, isEndLine } from "./export-format.js";
import { parseEnd, parseHeader, parseItem } from "./export-line-parser.js";

/** A line that is an item. */
export interface ExportItem {
  readonly line: number;
  readonly item: ExportedItem;
  /** How many bytes of the file have been read up to its end. */
  readonly read: number;
}

/** The end of an export whose digest is right, with what its header says of the beginning. */
export interface VerifiedEnd extends ExportEnd {
  /** The newest commit when it was begun. */
  readonly from: number;
}

const NEWLINE = 10;
/** Room for a document at its limit, spelled out as generously as JSON allows, and for who wrote it. */
const LINE_LIMIT = 2 * 2 ** 20;
const CHUNK_BYTES = 2 ** 20;

/**
 * The items of an export, in the order of the file, each as it was written. What comes last is its end: only who has
 * got that far knows that the file is whole and undamaged.
 * @throws StrataError BAD_USER_INPUT naming the line and what is wrong with it
 */
export async function* readExport(file: FileHandle): AsyncGenerator<ExportItem | VerifiedEnd> {
  const hash = createHash("sha256");
  let end: ExportEnd | undefined;
  let line = 0;
  let from = 0;
  for await (const { bytes, read } of linesOf(file)) {
    line++;
    const text = textOf(bytes, line);
    if (end !== undefined) throw damage(line, "it comes after the end");
    if (line === 1) from = at(line, () => parseHeader(text)).from;
    else if (isEndLine(text)) {
      end = at(line, () => parseEnd(text));
      hash.update(digestedPart(text));
      continue;
    } else yield { line, item: at(line, () => parseItem(text)), read };
    hash.update(bytes).update("\n");
  }
  if (end === undefined) throw damage(line + 1, "the file ends here, without the line that ends an export");
  if (end.lines !== line - 1)
    throw damage(line, `it counts ${end.lines} lines before it, and there are ${line - 1}`);
  if (end.sha256 !== hash.digest("hex")) throw damage(line, "its digest is not that of the file");
  yield { ...end, from };
}

/** Lines without what ends them. Every line has to be ended, the last one too. */
async function* linesOf(file: FileHandle): AsyncGenerator<{ bytes: Buffer; read: number }> {
  let rest = Buffer.alloc(0);
  let number = 1;
  let read = 0;
  for await (const chunk of file.createReadStream({
    start: 0,
    autoClose: false,
    highWaterMark: CHUNK_BYTES,
  })) {
    const bytes = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      read += end + 1 - start;
      yield { bytes: bytes.subarray(start, end), read };
      number++;
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > LINE_LIMIT) throw damage(number, `it is longer than ${LINE_LIMIT} bytes`);
  }
  if (rest.length > 0) throw damage(number, "it is cut off");
}

function textOf(bytes: Buffer, line: number): string {
  if (!isUtf8(bytes)) throw damage(line, "it is not UTF-8 text");
  return bytes.toString("utf8");
}

function at<T>(line: number, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof StrataError ? damage(line, error.message) : error;
  }
}

export function damage(line: number, reason: string): StrataError {
  return new StrataError(
    "BAD_USER_INPUT",
    `The file cannot be imported: line ${line}: ${reason.replace(/\.$/, "")}. Nothing was written.`,
  );
}
