import { StrataError } from "../domain/errors.js";
import type { ArchivedWrite, ArchiveSource, StorePosition } from "../store/archive.js";
import {
  type AccountChange,
  type Change,
  type DocumentChange,
  type DocumentKey,
  type Position,
  type StoredBlame,
  sameVersion,
  type Version,
} from "../store/store.js";
import { exportWrite } from "./export-write.js";
import type { ExportWriter } from "./export-writer.js";
import { nameOf } from "./verified-export.js";

const CHANGES_AT_ONCE = 500;
const WRITES_AT_ONCE = 16;

/** Where the commits begin that are to be told. */
export interface Start {
  readonly start: Position;
  /** The commit at the start, if it can still be told: it has to be the same one in the end. */
  readonly anchor: Change | undefined;
}

/**
 * Writes down every commit from a start up to now, as the feed tells it: a document's write is looked up by its revision,
 * an account is as the event has it. A write that cannot be found went with its account, or was one of the oldest that a
 * document no longer keeps: that deletion, or later writes of the document, are to come.
 * @param step called now and then
 * @returns the position up to which all of them are told
 * @throws StrataError STORE_UNAVAILABLE when the feed no longer has all of them, and when they are not those of the
 * store's life that it began in
 */
export async function exportChanges(
  source: ArchiveSource,
  { start, anchor }: Start,
  writer: ExportWriter,
  step: () => void,
): Promise<StorePosition> {
  /** Documents of which a write is missing: each has to be written yet, or deleted with its account. */
  const owed = new Map<string, DocumentKey>();
  if (anchor !== undefined) await checkAnchor(source, anchor);
  for (let after = start.sequence; ; ) {
    const end = await source.position();
    if (end.incarnation !== start.incarnation || end.sequence < after) throw replaced();
    if (owed.size > 0 && end.sequence === after) throw replaced();
    for (; after < end.sequence; after = await exportSome(source, after, end, writer, owed)) step();
    if (owed.size === 0) return end;
  }
}

async function exportSome(
  source: ArchiveSource,
  start: number,
  end: Position,
  writer: ExportWriter,
  owed: Map<string, DocumentKey>,
): Promise<number> {
  let after = start;
  const { changes } = await source.changes(after, Math.min(CHANGES_AT_ONCE, end.sequence - after));
  if (changes === undefined) throw feedLost();
  if (changes.length === 0) throw replaced();
  for (let at = 0; at < changes.length; at += WRITES_AT_ONCE) {
    const some = changes.slice(at, at + WRITES_AT_ONCE);
    const writes = await Promise.all(some.map((change) => blamedWriteOf(source, change)));
    for (const [index, change] of some.entries()) {
      if (versionIn(change).sequence !== ++after) throw feedLost();
      if (change.on === "account") await exportAccount(change, writer, owed);
      else await exportDocument(source, change, writes[index], writer, owed);
    }
  }
  return after;
}

async function exportAccount(
  change: AccountChange,
  writer: ExportWriter,
  owed: Map<string, DocumentKey>,
): Promise<void> {
  if (change.kind === "DELETE")
    for (const [name, { accountId }] of owed) if (accountId === change.account.id) owed.delete(name);
  await writer.item(change);
}

async function exportDocument(
  source: ArchiveSource,
  { key, version }: DocumentChange,
  found: BlamedWrite | undefined,
  writer: ExportWriter,
  owed: Map<string, DocumentKey>,
): Promise<void> {
  writer.noteCommit(key.configId, version.sequence);
  if (found === undefined) owed.set(nameOf(key), key);
  else {
    owed.delete(nameOf(key));
    await exportWrite(source, writer, found.write, found.blame);
  }
}

async function checkAnchor(source: ArchiveSource, anchor: Change): Promise<void> {
  const version = versionIn(anchor);
  const found = await changeAt(source, version.sequence);
  if (found === undefined) throw feedLost();
  if (!sameVersion(versionIn(found), version)) throw replaced();
}

interface BlamedWrite {
  readonly write: ArchivedWrite;
  /** That of the document as it is by now. */
  readonly blame: StoredBlame | undefined;
}

/** Undefined: it is not there any more. */
async function blamedWriteOf(source: ArchiveSource, change: Change): Promise<BlamedWrite | undefined> {
  if (change.on === "account") return undefined;
  const [[write], [blame]] = await Promise.all([
    source.writes(change.key, change.version.revision, 1),
    source.blames([change.key]),
  ]);
  return write !== undefined && sameVersion(write.version, change.version) ? { write, blame } : undefined;
}

/**
 * Writes down what the feed keeps of the commits up to one: the audit log.
 * @throws StrataError STORE_UNAVAILABLE when some of that goes while it is read, faster than it is read
 */
export async function exportFeed(
  source: ArchiveSource,
  upTo: number,
  writer: ExportWriter,
  step: () => void,
): Promise<void> {
  let isBegun = false;
  for (let after = await beforeOldest(source, upTo); after < upTo; step()) {
    const { changes } = await source.changes(after, Math.min(CHANGES_AT_ONCE, upTo - after));
    if (changes === undefined && !isBegun) {
      after = await beforeOldest(source, upTo);
      continue;
    }
    if (changes === undefined || changes.length === 0) throw feedLost();
    for (const change of changes) await writer.item({ on: "change", change });
    isBegun = true;
    after += changes.length;
  }
}

/** The sequence behind which what the feed keeps begins. */
async function beforeOldest(source: ArchiveSource, upTo: number): Promise<number> {
  let [low, high] = [0, upTo];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await changeAt(source, middle + 1)) === undefined) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The commit of this sequence, as the feed tells it; undefined when there is none, or it is no longer kept. */
export async function changeAt(source: ArchiveSource, sequence: number): Promise<Change | undefined> {
  if (sequence === 0) return undefined;
  const { changes } = await source.changes(sequence - 1, 1);
  return changes?.[0];
}

function versionIn(change: Change): Version {
  return change.on === "document" ? change.version : change.account.version;
}

function replaced(): StrataError {
  return new StrataError(
    "STORE_UNAVAILABLE",
    "The store became another one while it was copied: something was imported into it, or a failover lost commits. " +
      "Run the export again.",
  );
}

function feedLost(): StrataError {
  return new StrataError(
    "STORE_UNAVAILABLE",
    "While the store was copied, more was written into it than its feed of changes keeps. Run the export again when " +
      "less is written.",
  );
}
