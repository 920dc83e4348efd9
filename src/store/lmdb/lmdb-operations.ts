import type { Key } from "lmdb";
import { parseStored } from "../records.js";
import type { Committed, EarlierOperation, Operation, Version } from "../store.js";
import type { Database } from "./lmdb-database.js";

/**
 * What is remembered of operations, and when that is forgotten. Those that callers named are apart: they are counted, and
 * nothing else takes their room.
 */
interface Shelf {
  readonly entry: (id: string) => Key;
  readonly expiry: (expires: number, id: string) => Key;
}

const OWN: Shelf = {
  entry: (id) => ["op", id],
  expiry: (expires, id) => ["x", expires, id],
};
const NAMED: Shelf = {
  entry: (id) => ["named", id],
  expiry: (expires, id) => ["named x", expires, id],
};
/** How many of the named ones there are. */
const COUNT_KEY = "named";
/** Operations forgotten per commit: more than one, so that they cannot pile up. */
const FORGET_PER_COMMIT = 2;

interface OperationRecord {
  readonly digest: string;
  readonly version: Version;
  /** An older release did not say. */
  readonly at?: string;
  readonly memo?: string;
  /** Of a named one: from then on it counts no longer. Milliseconds since the epoch. */
  readonly expires?: number;
}

function shelfOf({ memo }: Operation): Shelf {
  return memo === undefined ? OWN : NAMED;
}

function recordOf(database: Database, shelf: Shelf, id: string, now: number): OperationRecord | undefined {
  const text = database.get(shelf.entry(id));
  const record = text === undefined ? undefined : parseStored<OperationRecord>(text);
  return record?.expires !== undefined && record.expires <= now ? undefined : record;
}

/** The operation that an earlier commit did under the same id. */
export function earlierOperation(
  database: Database,
  operation: Operation,
  now: number,
): OperationRecord | undefined {
  return recordOf(database, shelfOf(operation), operation.id, now);
}

export function namedOperation(database: Database, id: string, now: number): EarlierOperation | undefined {
  const found = recordOf(database, NAMED, id, now);
  if (found === undefined) return undefined;
  const { digest, version, at = "", memo = "" } = found;
  return { digest, version, at, memo };
}

/** Seconds until one more named operation can be remembered; 0: it can be now. */
export function secondsUntilRoom(
  database: Database,
  { memo }: Operation,
  limit: number,
  now: number,
): number {
  if (memo === undefined || namedCount(database) < limit) return 0;
  for (const key of database.getKeys({
    start: NAMED.expiry(0, ""),
    end: NAMED.expiry(Number.MAX_SAFE_INTEGER, ""),
    limit: 1,
  }))
    return Math.max(1, Math.ceil((expiryIn(key) - now) / 1_000));
  return 0;
}

export function rememberOperation(
  database: Database,
  operation: Operation,
  made: Committed,
  now: number,
  lifeMs: { readonly own: number; readonly named: number },
): void {
  const { id, digest, memo } = operation;
  const shelf = shelfOf(operation);
  const expires = now + (memo === undefined ? lifeMs.own : lifeMs.named);
  // One that counts no longer may still be there.
  if (memo !== undefined) forget(database, NAMED, id);
  const record: OperationRecord = { digest, ...made, ...(memo !== undefined && { memo, expires }) };
  database.put(shelf.entry(id), JSON.stringify(record));
  database.put(shelf.expiry(expires, id), id);
  if (memo !== undefined) database.put(COUNT_KEY, String(namedCount(database) + 1));
}

/** @param commits how many are about to be made */
export function forgetOperations(database: Database, now: number, commits: number): void {
  for (const shelf of [OWN, NAMED]) {
    const range = {
      start: shelf.expiry(0, ""),
      end: shelf.expiry(now, ""),
      limit: commits * FORGET_PER_COMMIT,
    };
    for (const { key, value } of [...database.getRange(range)]) {
      database.remove(key);
      database.remove(shelf.entry(value));
      if (shelf === NAMED) database.put(COUNT_KEY, String(namedCount(database) - 1));
    }
  }
}

function forget(database: Database, shelf: Shelf, id: string): void {
  const text = database.get(shelf.entry(id));
  if (text === undefined) return;
  const { expires = 0 } = parseStored<OperationRecord>(text);
  database.remove(shelf.expiry(expires, id));
  database.remove(shelf.entry(id));
  database.put(COUNT_KEY, String(namedCount(database) - 1));
}

function namedCount(database: Database): number {
  return Number(database.get(COUNT_KEY) ?? 0);
}

function expiryIn(key: Key): number {
  return Array.isArray(key) ? Number(key[1]) : 0;
}

/** The version that a remembered operation made; undefined when it is not remembered. */
export function operationVersion(database: Database, { id, memo }: Operation): Version | undefined {
  const text = database.get((memo === undefined ? OWN : NAMED).entry(id));
  return text === undefined ? undefined : parseStored<OperationRecord>(text).version;
}
