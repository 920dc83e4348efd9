import type { FileHandle } from "node:fs/promises";
import { StrataError } from "../domain/errors.js";
import type {
  ArchivedAccount,
  ArchivedBlame,
  ArchivedChange,
  ArchivedConfig,
  ArchivedCounts,
  ArchivedDocument,
  ArchiveTarget,
} from "../store/archive.js";
import type { Position } from "../store/store.js";
import { countsBelow } from "./account-tree.js";
import { type ExportItem, readExport } from "./export-reader.js";
import type { VerifiedExport } from "./verified-export.js";

export interface ImportOptions {
  /** Whether what is stored is cleared first. */
  readonly replace: boolean;
  /** Told how many bytes of the file have been read, now and then. */
  readonly onRead?: (bytes: number) => void;
}

const BATCH_ITEMS = 500;
const BATCH_CHARACTERS = 2 ** 20;

/**
 * Fills a store with an export that was verified: accounts, documents and histories with the versions they had, under a
 * new incarnation. An import that was broken off goes on when the same export is imported again.
 * @throws StrataError BAD_USER_INPUT when the store is not empty, or holds half of another import; nothing was changed
 */
export async function importStore(
  file: FileHandle,
  verified: VerifiedExport,
  target: ArchiveTarget,
  { replace, onRead }: ImportOptions,
): Promise<Position> {
  const unfinished = await target.unfinished();
  const goesOn = unfinished === verified.sha256;
  if (!goesOn && !replace) {
    if (unfinished !== undefined) throw refusal(OTHER_UNFINISHED);
    if (!(await target.isEmpty())) throw refusal(NOT_EMPTY);
  }
  await target.begin(verified.sha256, replace && !goesOn);
  try {
    for await (const { items, read } of batchesOf(file, verified)) {
      await target.restore(items);
      onRead?.(read);
    }
    for (const counts of countsIn(verified.levels)) await target.restore(counts);
  } catch (error) {
    // The store may hold data of another file, so it is emptied before an import goes on.
    if (error instanceof StrataError && error.code === "BAD_USER_INPUT")
      await target.begin(verified.sha256, true);
    throw error;
  }
  return target.finish(verified.sequence, verified.dropped);
}

type ArchivedItem = ArchivedAccount | ArchivedChange | ArchivedDocument | ArchivedBlame | ArchivedConfig;

export interface Batch {
  readonly items: readonly ArchivedItem[];
  readonly read: number;
}

/**
 * The items of a verified export that count, some at a time.
 * @throws StrataError BAD_USER_INPUT when it is no longer what was verified, before the last of them
 */
export async function* batchesOf(file: FileHandle, verified: VerifiedExport): AsyncGenerator<Batch> {
  let items: ArchivedItem[] = [];
  let characters = 0;
  let read = 0;
  for await (const entry of verifiedAgain(file, verified)) {
    const { item } = entry;
    read = entry.read;
    if (item.on === "deletion" || item.on === "trim" || !verified.stands(entry)) continue;
    items.push(item);
    characters += "text" in item ? (item.text?.length ?? 0) : 0;
    if (items.length < BATCH_ITEMS && characters < BATCH_CHARACTERS) continue;
    yield { items, read };
    items = [];
    characters = 0;
  }
  yield { items, read };
}

async function* verifiedAgain(file: FileHandle, { sha256 }: VerifiedExport): AsyncGenerator<ExportItem> {
  try {
    for await (const entry of readExport(file)) {
      if ("item" in entry) yield entry;
      else if (entry.sha256 !== sha256) throw refusal(CHANGED);
    }
  } catch (error) {
    throw error instanceof StrataError ? refusal(CHANGED) : error;
  }
}

/** How many accounts each has below it, some accounts at a time. */
function* countsIn(levels: VerifiedExport["levels"]): Generator<ArchivedCounts[]> {
  let some: ArchivedCounts[] = [];
  for (const [accountId, counts] of countsBelow(levels)) {
    some.push({ on: "counts", accountId, counts });
    if (some.length < BATCH_ITEMS) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}

const NOT_EMPTY =
  "The store is not empty: nothing was written. Use --merge to add what the file has to what is there, or --replace to " +
  "clear the store first.";
const OTHER_UNFINISHED =
  "An import of another file into this store was begun and not finished: nothing was written. Run that one again, or " +
  "clear the store first with --replace.";
const CHANGED = "The file changed while it was imported. Import it again, and leave it as it is meanwhile.";

function refusal(message: string): StrataError {
  return new StrataError("BAD_USER_INPUT", message);
}
