import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { type FileHandle, mkdir, open as openFile, stat } from "node:fs/promises";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { type Key, open } from "lmdb";
import { StrataError } from "../domain/errors.js";
import { type Database, FORMAT } from "./lmdb-records.js";
import { within } from "./within.js";

/** How long LMDB has to follow a failed commit's general error up with the real one. */
const REAL_ERROR_WITHIN_MS = 250;

export const dataFile = (folder: string): string => join(folder, "data.mdb");

export function openDatabase({ folder, mapSizeBytes }: { folder: string; mapSizeBytes: number }): Database {
  const settings = {
    path: folder,
    // The folder stays a folder even where its name has a dot in it.
    noSubdir: false,
    encoding: "string" as const,
    // Otherwise readers would see a commit before it is on disk.
    overlappingSync: false,
    // Otherwise a failed commit rejects a promise of LMDB's own that nobody can handle, and the process ends.
    eventTurnBatching: false,
    // Large at once, so that the map need not move while somebody reads in it.
    mapSize: mapSizeBytes,
    permissionsMode: 0o600,
  };
  return open<string, Key>(settings);
}

/** Makes a new store, or makes sure that this release understands the one that is there. */
export async function prepare(database: Database, folder: string): Promise<void> {
  const format = database.get("format");
  if (format === undefined) {
    if (database.getKeysCount({ limit: 1 }) > 0) throw damaged(folder, "it holds data that is not Strata's");
    await initialize(database);
  } else if (!(Number(format) <= FORMAT)) {
    throw new StrataError(
      "STORE_UNAVAILABLE",
      `The store folder ${folder} was written by a newer Strata: its format is ${format}, this release knows up to ` +
        `${FORMAT}. Start the newer release, or give this one another folder; the store was left as it is.`,
    );
  }
}

async function initialize(database: Database): Promise<void> {
  try {
    await database.childTransaction(() => {
      database.put("format", String(FORMAT));
      database.put("incarnation", randomBytes(12).toString("base64url"));
      database.put("tree", randomBytes(12).toString("base64url"));
      database.put("seq", "0");
    });
  } catch (error) {
    throw await commitErrorOf(error);
  }
}

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
  await withFile(join(folder, "lock.mdb"), "r+", async () => {});
  const begun = await withFile(dataFile(folder), "r+", async (file) => {
    const { size } = await file.stat();
    if (size === 0) return false;
    const flaw = flawOf(await readStart(file), size);
    if (flaw !== undefined) throw damaged(folder, flaw);
    // What a killed process wrote last may be seen and not be on disk yet.
    await file.datasync();
    return true;
  });
  if (begun !== true) await withFile(dataFile(folder), "w", tryWriting);
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
  flags: "r+" | "w",
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

function damaged(folder: string, reason: string): StrataError {
  return new StrataError(
    "STORE_UNAVAILABLE",
    `The store folder ${folder} cannot be used: ${reason}. Restore it from a backup, or name another folder; ` +
      "it was left as it is.",
  );
}

const { errno } = constants;
const MDB_MAP_FULL = -30_792;
const MDB_TXN_FULL = -30_788;
const LACK_OF_SPACE: ReadonlySet<unknown> = new Set([
  errno.ENOSPC,
  errno.EDQUOT,
  errno.EFBIG,
  MDB_MAP_FULL,
  MDB_TXN_FULL,
]);

export function isLackOfSpace(error: Error): boolean {
  return LACK_OF_SPACE.has(codeOf(error));
}

const REASONS: ReadonlyMap<unknown, readonly [reason: string, advice: string]> = new Map([
  ["EEXIST", ["a file has its name", "Move the file away, or name another folder."]],
  ["ENOTDIR", ["a part of its path is a file", "Move the file away, or name another folder."]],
  ["EISDIR", ["data.mdb in it is a folder", "Move it away, or name another folder."]],
  [
    "EACCES",
    ["it may not be written by this user", "Give the user that runs Strata the right to write in it."],
  ],
  [
    "EPERM",
    ["it may not be written by this user", "Give the user that runs Strata the right to write in it."],
  ],
  ["EROFS", ["its disk is read-only", "Mount the disk for writing, or name another folder."]],
  ["ENOSPC", ["its disk is full", "Make room on the disk."]],
  ["EDQUOT", ["its disk quota is used up", "Raise the quota."]],
  [
    "EFBIG",
    ["its data file has reached the size limit", "Raise the limit of this user or of the file system."],
  ],
  ["EIO", ["its disk is full or fails", "Make room on it; where there is room, look into the system's log."]],
  ["ENOENT", ["it cannot be made", "See that the path above it exists and that its disk is not read-only."]],
  ["ENOMEM", ["memory or address space is used up", "Raise the limits of the process (ulimit -v)."]],
]);
const NO_REASON = [undefined, "Check the folder and the system's log."] as const;

/** Words for whoever runs Strata: which folder, why, and what to do about it. */
export function unusable(folder: string, error: unknown): StrataError {
  if (error instanceof StrataError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const [reason, advice] = REASONS.get(nameOf(codeOf(error))) ?? NO_REASON;
  const why = reason === undefined ? message : `${reason} (${message})`;
  return new StrataError(
    "STORE_UNAVAILABLE",
    `The store folder ${folder} cannot be used: ${why}. ${advice}`,
    {
      cause: error,
    },
  );
}

/** Node names the system's errors, LMDB numbers them. */
function nameOf(code: unknown): unknown {
  return typeof code === "number"
    ? (Object.entries(errno).find(([, value]) => value === code)?.[0] ?? code)
    : code;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** LMDB rejects with a general error that carries a second promise, rejected a little later with the real one. */
export async function commitErrorOf(error: unknown): Promise<Error> {
  if (error instanceof Error && "commitError" in error) {
    try {
      await within(REAL_ERROR_WITHIN_MS, error.commitError);
    } catch (cause) {
      if (cause instanceof Error) return cause;
    }
  }
  return error instanceof Error ? error : new Error(String(error));
}
