import type { Key } from "lmdb";
import {
  blameRecordOf,
  documentRevision,
  type HistoryExtent,
  ownerOf,
  parseExtent,
  versionOfRecord,
} from "../../records.js";
import {
  type DocumentHistory,
  type DocumentKey,
  type HistoryOf,
  type HistoryRetention,
  type Version,
  versionText,
} from "../../store.js";
import type { Database } from "../lmdb-database.js";
import { versionOf } from "../lmdb-versions.js";

/** The revisions of each document, and beside them its blame and which part of its history is to be kept. */
export const historyKey = (key: DocumentKey, revision: number): Key => [
  "h",
  ownerOf(key),
  key.configId,
  revision,
];
export const blameKey = (key: DocumentKey): Key => ["b", ownerOf(key), key.configId];

/** Revisions that one commit takes away: where a setting was lowered there may be many to go. */
const TRIM_PER_COMMIT = 100;

interface NewRevision {
  readonly record: string;
  readonly version: Version;
  /** Of the document before it. */
  readonly before: Version | undefined;
  readonly blame: string | undefined;
}

/** Adds a revision to a document's history, and takes away some of what is not kept any longer. */
export function keepRevision(
  database: Database,
  key: DocumentKey,
  { record, version, before, blame }: NewRevision,
  retention: HistoryRetention,
): void {
  const { revision } = version;
  const known = extentBefore(database, key, before) ?? countedExtent(database, key, revision, retention);
  database.put(historyKey(key, revision), record);
  const { from, bytes } = known ?? { from: revision, bytes: 0 };
  const grown = { from, bytes: bytes + Buffer.byteLength(record) };
  const extent = shrink(database, key, grown, revision, retention);
  // Asking for one key costs a tenth of looking through a range, and mostly there is nothing.
  if (database.doesExist(historyKey(key, from - 1))) removeOlder(database, key, from);
  database.put(blameKey(key), blameRecordOf(version, extent, blame));
}

/** What the last commit left; undefined: it was an older release's, or there was none. */
function extentBefore(
  database: Database,
  key: DocumentKey,
  before: Version | undefined,
): HistoryExtent | undefined {
  const record = database.get(blameKey(key));
  const isCurrent = record !== undefined && versionOfRecord(record) === versionText(before);
  return isCurrent ? parseExtent(record) : undefined;
}

/** The newest revisions that fit, one less than are kept: one more is to come. */
function countedExtent(
  database: Database,
  key: DocumentKey,
  next: number,
  { historyRevisions, historyBytes }: HistoryRetention,
): HistoryExtent | undefined {
  // LMDB takes a limit of none for no limit.
  if (next === 1 || historyRevisions === 1) return undefined;
  let extent: HistoryExtent | undefined;
  const range = { limit: historyRevisions - 1, ...below(key, next) };
  for (const { key: at, value } of database.getRange(range)) {
    const bytes = (extent?.bytes ?? 0) + Buffer.byteLength(value);
    if (bytes > historyBytes) break;
    extent = { from: revisionIn(at), bytes };
  }
  return extent;
}

/** Takes away the oldest revisions as long as there are too many or too large ones; the newest stays. */
function shrink(
  database: Database,
  key: DocumentKey,
  { from, bytes }: HistoryExtent,
  newest: number,
  { historyRevisions, historyBytes }: HistoryRetention,
): HistoryExtent {
  const last = Math.min(newest, from + TRIM_PER_COMMIT);
  let [first, left] = [from, bytes];
  for (; first < last && (newest - first >= historyRevisions || left > historyBytes); first++) {
    const oldest = historyKey(key, first);
    left -= Buffer.byteLength(database.get(oldest) ?? "");
    database.remove(oldest);
  }
  return { from: first, bytes: left };
}

function removeOlder(database: Database, key: DocumentKey, from: number): void {
  const range = { start: historyKey(key, 0), end: historyKey(key, from), limit: TRIM_PER_COMMIT };
  for (const old of [...database.getKeys(range)]) database.remove(old);
}

export function blameAt(database: Database, key: DocumentKey): string | undefined {
  return database.get(blameKey(key));
}

export function documentHistory(
  database: Database,
  { key, before = Number.MAX_SAFE_INTEGER, limit, bytes }: HistoryOf,
): DocumentHistory {
  const { start, end } = revisionsOf(database, key);
  const records: string[] = [];
  let left = bytes;
  for (const { value } of database.getRange({ limit, ...below(key, Math.min(before, revisionIn(end))) })) {
    left -= Buffer.byteLength(value);
    if (left < 0 && records.length > 0) break;
    records.push(value);
  }
  const [oldest] = database.getKeys({ start, end, limit: 1 });
  return {
    revisions: records.map(documentRevision),
    oldest: oldest === undefined ? undefined : revisionIn(oldest),
  };
}

/** From the revision below one down to the first. */
function below(key: DocumentKey, revision: number): { start: Key; end: Key; reverse: true } {
  return { start: historyKey(key, revision - 1), end: historyKey(key, 0), reverse: true };
}

/**
 * A document's revisions. Each commit to it writes the next one, from 1 on; so one above the current one is of an account that
 * had the id before, and was not removed yet.
 */
export function revisionsOf(database: Database, key: DocumentKey): { start: Key; end: Key } {
  const current = versionOf(database, key)?.revision ?? 0;
  return { start: historyKey(key, 0), end: historyKey(key, current + 1) };
}

function revisionIn(key: Key): number {
  return Array.isArray(key) ? Number(key[3]) : 0;
}
