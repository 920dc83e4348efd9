import {
  isAtOrBefore,
  type PastAccount,
  type PastEntries,
  type PastRecords,
  pastConfig,
  timeOf,
} from "../../past-records.js";
import {
  parseAccountRevision,
  parseChange,
  parseDocument,
  parseVersion,
  versionOfRecord,
} from "../../records.js";
import { isOver } from "../../settled-moment.js";
import {
  type AccountRecord,
  type DocumentKey,
  keyText,
  type LayersAfter,
  type LayersAt,
} from "../../store.js";
import { accountOf } from "../lmdb-accounts.js";
import type { Database } from "../lmdb-database.js";
import { documentKey, feedKey, incarnationOf, lastTime, sequenceOf } from "../lmdb-records.js";
import { accountRevisions, lastAccountEntry, nextAccountEntry } from "./lmdb-account-history.js";
import { historyKey, revisionsOf } from "./lmdb-history.js";

export function layersAt(
  database: Database,
  targets: readonly DocumentKey[],
  moment: string,
  now: string,
): LayersAt {
  const place = placeOf(database, moment);
  return {
    newest: place.newest || undefined,
    isOver: isOver(moment, now, place.newest),
    ...configsAt(database, targets, moment, place),
  };
}

export function layersAfter(
  database: Database,
  targets: readonly DocumentKey[],
  sequence: number,
): LayersAfter {
  const { start: _, ...feed } = feedOf(database);
  const place = { sequence, change: database.get(feedKey(sequence)), ...feed };
  return configsAt(database, targets, undefined, place);
}

function configsAt(
  database: Database,
  targets: readonly DocumentKey[],
  moment: string | undefined,
  place: Place,
): LayersAfter {
  const records: PastRecords = {
    moment,
    ...place,
    account: once((id) => accountAt(database, id, moment ?? "", place.sequence)),
    document: once((key) => documentAt(database, key, moment ?? "", place.sequence), keyText),
  };
  return {
    incarnation: incarnationOf(database),
    configs: targets.map((target) => pastConfig(records, target)),
  };
}

/** Looks a thing up on its first use. */
function once<K, T>(find: (key: K) => T, nameOf: (key: K) => unknown = (key) => key): (key: K) => T {
  const found = new Map<unknown, T>();
  return (key) => {
    const name = nameOf(key);
    const known = found.get(name) ?? find(key);
    found.set(name, known);
    return known;
  };
}

type Place = Pick<PastRecords, "sequence" | "change" | "newest" | "feedStart">;

/** The time of the newest commit, and the first commit of which the feed tells. */
function feedOf(database: Database) {
  const newest = lastTime(database);
  const end = feedKey(sequenceOf(database) + 1);
  const first = firstOf(database.getRange({ start: feedKey(0), end, limit: 1 }));
  const start = first === undefined ? undefined : parseChangeAt(first);
  return { newest, feedStart: start?.at ?? newest, start };
}

/** The last commit at or before the moment, as far as the feed tells. */
function placeOf(database: Database, moment: string): Place {
  const { start, ...feed } = feedOf(database);
  const { newest } = feed;
  const last = sequenceOf(database);
  if (last === 0) return { sequence: 0, change: undefined, ...feed };
  if (isAtOrBefore(newest, moment)) return { sequence: last, change: database.get(feedKey(last)), ...feed };
  if (start === undefined || !isAtOrBefore(start.at, moment))
    return { sequence: start?.sequence === 1 ? 0 : undefined, change: undefined, ...feed };
  const sequence = lastWhere(start.sequence, last, (middle) => {
    const change = database.get(feedKey(middle));
    return change !== undefined && isAtOrBefore(parseChange(change).at, moment);
  });
  return { sequence, change: database.get(feedKey(sequence)), ...feed };
}

function parseChangeAt(record: string): { readonly at: string; readonly sequence: number } {
  return { at: parseChange(record).at, sequence: sequenceIn(record) };
}

function sequenceIn(record: string): number {
  return parseVersion(versionOfRecord(record)).sequence;
}

/** The last number of those for which something holds: it does for the first, and not for `end`, nor ever after it did not. */
function lastWhere(first: number, end: number, holds: (number: number) => boolean): number {
  let [low, high] = [first, end];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function accountAt(
  database: Database,
  id: string,
  moment: string,
  sequence: number | undefined,
): PastAccount {
  const isThen = (record: string): boolean => {
    const time = timeOf(parseAccountRevision(record));
    return time !== undefined && isAtOrBefore(time, moment);
  };
  const newest = lastAccountEntry(database, id, Number.MAX_SAFE_INTEGER);
  const now = accountOf(database, id);
  if (newest === undefined) return { now, last: undefined, next: undefined };
  const end = sequenceIn(newest);
  if (sequence === undefined ? isThen(newest) : end <= sequence)
    return { now, last: newest, next: undefined };
  const bound =
    sequence ??
    lastWhere(0, end, (middle) => {
      const entry = lastAccountEntry(database, id, middle);
      return entry === undefined || isThen(entry);
    });
  return {
    now,
    last: lastAccountEntry(database, id, bound),
    next: nextAccountEntry(database, id, bound),
    deletedSince: now !== undefined && wasDeleted(database, now, bound),
  };
}

/** Whether an account of the id was deleted after a sequence: then before this one was created, or at the same time. */
function wasDeleted(database: Database, { id, createdAt }: AccountRecord, after: number): boolean {
  for (const { kind, at = "" } of accountRevisions(database, id, after)) {
    if (kind === "DELETE") return true;
    if (at > createdAt) return false;
  }
  return false;
}

function documentAt(
  database: Database,
  key: DocumentKey,
  moment: string,
  sequence: number | undefined,
): PastEntries {
  const isThen = (record: string | undefined): boolean =>
    record !== undefined &&
    (sequence === undefined
      ? isAtOrBefore(parseDocument(record).at, moment)
      : sequenceIn(record) <= sequence);
  const entry = (revision: number): string | undefined => database.get(historyKey(key, revision));
  const newest = database.get(documentKey(key));
  if (newest === undefined) return { last: undefined, next: undefined };
  if (isThen(newest)) return { last: newest, next: undefined };
  const { revision: end } = parseVersion(versionOfRecord(newest));
  const first = firstOf(database.getRange({ ...revisionsOf(database, key), limit: 1 })) ?? newest;
  if (!isThen(first)) return { last: undefined, next: first };
  const revision = lastWhere(parseVersion(versionOfRecord(first)).revision, end, (middle) =>
    isThen(entry(middle)),
  );
  return { last: entry(revision), next: entry(revision + 1) };
}

function firstOf(range: Iterable<{ readonly value: string }>): string | undefined {
  for (const { value } of range) return value;
  return undefined;
}
