import { setImmediate } from "node:timers/promises";
import type { Key } from "lmdb";
import { keyOf, parseVersion } from "../../records.js";
import { commitErrorOf } from "../folder/lmdb-errors.js";
import type { Database } from "../lmdb-database.js";
import { indexDocument } from "../lmdb-index.js";
import { configIdIn, ownedBy, versionOf } from "../lmdb-versions.js";
import { historyKey } from "./lmdb-history.js";

/**
 * The documents of a deleted account go with it. Their histories may be large: the commit leaves them where they are, notes whose
 * they are, and they go piece by piece. Nobody sees them meanwhile, nor does an account that gets the id: what lies above a
 * document's current revision, or belongs to no document, is not its history (`revisionsOf`).
 */
const leftKey = (owner: string): Key => ["left", owner];
const LEFT = { start: leftKey(""), end: leftKey("\x7f") };

/** Holds the event loop for some milliseconds. */
export const REVISIONS_PER_PIECE = 250;

/** Takes away the documents of an account, and leaves their histories to be removed. @returns how many revisions they had */
export function dropDocuments(database: Database, owner: string): number {
  let revisions = 0;
  for (const { key, value } of [...database.getRange(ownedBy("v", owner))]) {
    revisions += parseVersion(value).revision;
    indexDocument(database, { accountId: owner, configId: configIdIn(key) }, false);
  }
  for (const part of ["v", "d", "b"])
    for (const key of [...database.getKeys(ownedBy(part, owner))]) database.remove(key);
  if (revisions > 0) database.put(leftKey(owner), owner);
  return revisions;
}

export function hasLeft(database: Database): boolean {
  return ownerLeft(database) !== undefined;
}

function ownerLeft(database: Database): string | undefined {
  for (const { value } of database.getRange({ ...LEFT, limit: 1 })) return value;
  return undefined;
}

/** Removes some of what is left of deleted accounts, inside a transaction. @returns whether that was all of it */
export function removeSome(database: Database, most: number): "all" | "some" {
  const owner = ownerLeft(database);
  if (owner === undefined) return "all";
  const keys = leftOf(database, owner, most);
  for (const key of keys) database.remove(key);
  if (keys.length === most) return "some";
  database.remove(leftKey(owner));
  return hasLeft(database) ? "some" : "all";
}

/** The first revisions of an owner that are no document's history. */
function leftOf(database: Database, owner: string, limit: number): Key[] {
  const { start, end } = ownedBy("h", owner);
  const found: Key[] = [];
  for (let from = start; found.length < limit; ) {
    const [first] = database.getKeys({ start: from, end, limit: 1 });
    if (first === undefined) break;
    const document = keyOf(owner, configIdIn(first));
    const current = versionOf(database, document)?.revision ?? 0;
    const [lowest, next] = [historyKey(document, current + 1), historyKey(document, Number.MAX_SAFE_INTEGER)];
    found.push(...database.getKeys({ start: lowest, end: next, limit: limit - found.length }));
    from = next;
  }
  return found;
}

/** Removes all that is left, before anybody else writes. */
export async function removeLeft(database: Database): Promise<void> {
  while (hasLeft(database)) {
    try {
      await database.childTransaction(() => removeSome(database, REVISIONS_PER_PIECE));
    } catch (error) {
      throw await commitErrorOf(error);
    }
    // Signals have their turn.
    await setImmediate();
  }
}
