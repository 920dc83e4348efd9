import type { FileHandle } from "node:fs/promises";
import type { ArchivedWrite } from "../store/archive.js";
import { type Batch, batchesOf } from "./import-store.js";
import { MergeCommits, type MergeDependencies, type MergeSummary } from "./merge-commits.js";
import { missingAccounts } from "./missing-accounts.js";
import type { VerifiedExport } from "./verified-export.js";

export interface MergeOptions extends Omit<MergeDependencies, "sha256"> {
  /** Told how many bytes of the file have been read, now and then. */
  readonly onRead?: (bytes: number) => void;
}

/**
 * Adds what an export has to a store in use: accounts that are missing, parents first; then of each document the newest
 * override that the export has, where the store has another. Nothing of the store is lost: what is replaced is in the
 * document's history. Merged again, it writes nothing.
 * @throws StrataError BAD_USER_INPUT when an account of the export is another one in the store: nothing was written;
 * STORE_UNAVAILABLE or WRITE_OUTCOME_UNKNOWN when the store fails on the way: what was written by then stays
 */
export async function mergeExport(
  file: FileHandle,
  verified: VerifiedExport,
  { store, now, onRead }: MergeOptions,
): Promise<MergeSummary> {
  const missing = await missingAccounts(verified.levels, store);
  const commits = new MergeCommits({ store, now, sha256: verified.sha256 });
  for (const level of missing) await commits.create(level);
  for await (const { items, read } of batchesOf(file, verified)) {
    await commits.set(newestWrites(items, verified));
    onRead?.(read);
  }
  return commits.summary;
}

function newestWrites(items: Batch["items"], verified: VerifiedExport): ArchivedWrite[] {
  return items.flatMap((item) => (item.on === "document" && verified.isNewest(item) ? [item] : []));
}
