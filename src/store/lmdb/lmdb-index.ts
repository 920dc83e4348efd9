import type { Key } from "lmdb";
import type { DocumentKey, DocumentOwners, DocumentOwnersOf } from "../store.js";
import type { Database } from "./lmdb-database.js";

/** For each config: the accounts that have a document of it, as ordered keys, and the sequence of its last commit. */
const ownerKey = (configId: string, accountId: string): Key => ["c", configId, accountId];
const lastKey = (configId: string): Key => ["last", configId];
/** Comes after every id. */
const LAST = "\x7f";

export const OWNER_KEYS = { start: ownerKey("", ""), end: ownerKey(LAST, "") };
export const LAST_KEYS = { start: lastKey(""), end: lastKey(LAST) };

/** Says whether there is a document; of the system layer nothing is kept. */
export function indexDocument(database: Database, key: DocumentKey, isThere: boolean): void {
  const { accountId, configId } = key;
  if (accountId === undefined) return;
  const entry = ownerKey(configId, accountId);
  // Most writes change nothing of it, and a page that is left alone need not go to disk.
  if ((database.get(entry) !== undefined) === isThere) return;
  if (isThere) database.put(entry, accountId);
  else database.remove(entry);
}

/** A commit of this sequence was to the config; of several the last one counts, whatever order they are told in. */
export function passCommit(database: Database, configId: string, sequence: number): void {
  if (sequence > lastSequenceOf(database, configId)) database.put(lastKey(configId), String(sequence));
}

function lastSequenceOf(database: Database, configId: string): number {
  return Number(database.get(lastKey(configId)) ?? 0);
}

export function isOwner(database: Database, configId: string, accountId: string): boolean {
  return database.get(ownerKey(configId, accountId)) !== undefined;
}

export function documentOwners(
  database: Database,
  { configId, after = "", limit }: DocumentOwnersOf,
): DocumentOwners {
  const range = {
    start: ownerKey(configId, after),
    exclusiveStart: true,
    end: ownerKey(configId, LAST),
    limit,
  };
  return {
    accountIds: [...database.getRange(range)].map(({ value }) => value),
    lastSequence: lastSequenceOf(database, configId),
  };
}
