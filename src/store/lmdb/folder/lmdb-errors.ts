import { constants } from "node:os";
import { StrataError } from "../../../domain/errors.js";
import { within } from "../../within.js";

/** How long LMDB has to follow a failed commit's general error up with the real one. */
const REAL_ERROR_WITHIN_MS = 250;

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

/** For the end of messages about a folder. */
export const NAMED_BY = "STRATA_STORE names the folder.";

/** A message for the operator: which folder, why, and what to do about it. */
export function unusable(folder: string, error: unknown): StrataError {
  if (error instanceof StrataError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const [reason, advice] = REASONS.get(nameOf(codeOf(error))) ?? NO_REASON;
  const why = reason === undefined ? message : `${reason} (${message})`;
  return new StrataError(
    "STORE_UNAVAILABLE",
    `The store folder ${folder} cannot be used: ${why}. ${advice} ${NAMED_BY}`,
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
