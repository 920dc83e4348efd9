import { existsSync } from "node:fs";
import { type FileHandle, mkdir, open as openFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { StrataError } from "../../../domain/errors.js";
import { NAMED_BY } from "./lmdb-errors.js";

export const dataFile = (folder: string): string => join(folder, "data.mdb");
export const readersFile = (folder: string): string => join(folder, "lock.mdb");

/**
 * Makes the folder and those above it, for this user alone: system documents hold passwords. Node's own way of doing so
 * goes round for ever where the system denies what its parent could hold, as under /proc.
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === "EEXIST" && (await stat(folder)).isDirectory()) return;
    if (codeOf(error) !== "ENOENT" || existsSync(dirname(folder))) throw error;
    await makeFolder(dirname(folder));
    await mkdir(folder, { mode: 0o700 });
  }
}

/**
 * LMDB trusts its files: it crashes on one that was cut short, and on one that it cannot open or begin. So all of that
 * is tried out first, where it can be said in words.
 */
export async function checkFiles(folder: string): Promise<void> {
  await withFile(readersFile(folder), "r+", async () => {});
  const begun = await withFile(dataFile(folder), "r+", async (file) => {
    if (!(await isSound(file, folder))) return false;
    // The last write of a killed process may be visible and not on disk yet.
    await file.datasync();
    return true;
  });
  if (begun !== true) await withFile(dataFile(folder), "w", tryWriting);
}

/**
 * The same for who only reads, beside a process that may be writing: nothing is made. Who may not write in the list of
 * readers would be overlooked by the writer, and read pages that are being used again.
 * @throws StrataError STORE_UNAVAILABLE when there is no store to read
 */
export async function checkFilesForReading(folder: string): Promise<void> {
  const begun = await withFile(dataFile(folder), "r", (file) => isSound(file, folder));
  if (begun !== true) throw noStore(folder);
  await withFile(readersFile(folder), "r+", async () => {});
}

export function noStore(folder: string): StrataError {
  return new StrataError("STORE_UNAVAILABLE", `There is no store in the folder ${folder}.`);
}

/** False for an empty file. The start is read before the size: a file that is being written grows before it says so. */
async function isSound(file: FileHandle, folder: string): Promise<boolean> {
  const start = await readStart(file);
  const { size } = await file.stat();
  if (size === 0) return false;
  const flaw = flawOf(start, size);
  if (flaw !== undefined) throw damaged(folder, flaw);
  return true;
}

async function tryWriting(file: FileHandle): Promise<void> {
  try {
    await file.write(Buffer.alloc(LARGEST_PAGE));
    await file.datasync();
  } finally {
    await file.truncate(0);
  }
}

/** @returns what was made of the file; undefined where there is none */
export async function withFile<T>(
  path: string,
  flags: "r" | "r+" | "w",
  use: (file: FileHandle) => Promise<T>,
): Promise<T | undefined> {
  let file: FileHandle;
  try {
    file = await openFile(path, flags, 0o600);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

const META = { magic: 24, pageSize: 48, freeRoot: 88, root: 136, lastPage: 144, transaction: 152, end: 160 };
const MAGIC = 0xbeefc0de;
const LARGEST_PAGE = 65_536;
const MISSING_PAGES = 256n;
const NO_PAGE = 2n ** 64n - 1n;

/**
 * The first two pages say what the file holds; the one with the later transaction counts.
 * It may lack a few pages at its end that are free anyway.
 *
 * @param start the file's first bytes, both of these pages among them
 */
function flawOf(start: Buffer, size: number): string | undefined {
  if (!isMeta(start)) return "data.mdb does not begin as a data file does";
  const pageSize = start.readUInt32LE(META.pageSize);
  const second = start.subarray(Math.max(pageSize, META.end));
  if (!isMeta(second)) return "data.mdb is cut short or overwritten";
  const isFirstNewer = start.readBigUInt64LE(META.transaction) > second.readBigUInt64LE(META.transaction);
  const newer = isFirstNewer ? start : second;
  const pages = BigInt(Math.floor(size / pageSize));
  const roots = [META.freeRoot, META.root].map((at) => newer.readBigUInt64LE(at));
  const isComplete =
    roots.every((root) => root === NO_PAGE || root < pages) &&
    newer.readBigUInt64LE(META.lastPage) < pages + MISSING_PAGES;
  return isComplete ? undefined : "data.mdb is cut short";
}

function isMeta(bytes: Buffer): boolean {
  return bytes.length >= META.end && bytes.readUInt32LE(META.magic) === MAGIC;
}

async function readStart(file: FileHandle): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(LARGEST_PAGE + META.end), 0, null, 0);
  return buffer.subarray(0, bytesRead);
}

export function damaged(folder: string, reason: string): StrataError {
  return new StrataError(
    "STORE_UNAVAILABLE",
    `The store folder ${folder} cannot be used: ${reason}. Restore it from a backup, or name another folder; ` +
      `it was left as it is. ${NAMED_BY}`,
  );
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
