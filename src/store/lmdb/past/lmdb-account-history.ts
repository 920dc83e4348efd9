import type { Key } from "lmdb";
import { accountRevisionText, parseAccountRevision } from "../../records.js";
import type { AccountRevision } from "../../store.js";
import type { Database } from "../lmdb-database.js";

/** Every record that an account ever had, by sequence, as the feed tells the change that made it. */
const entryKey = (accountId: string, sequence: number): Key => ["past", accountId, sequence];
const afterKey = (accountId: string): Key => entryKey(accountId, Number.MAX_SAFE_INTEGER);

export const HISTORY_KEYS = { start: entryKey("", 0), end: entryKey("\x7f", 0) };

/** @param text as `changeBody` makes it, below its version */
export function putAccountEntry(database: Database, accountId: string, sequence: number, text: string): void {
  database.put(entryKey(accountId, sequence), text);
}

export function putAccountRevision(database: Database, revision: AccountRevision): void {
  const { id, version } = revision.account;
  putAccountEntry(database, id, version.sequence, accountRevisionText(revision));
}

export function hasAccountEntry(database: Database, accountId: string, sequence: number): boolean {
  return database.doesExist(entryKey(accountId, sequence));
}

/** The sequence of the commit that last made or deleted the account; 0: none is known. */
export function newestAccountSequence(database: Database, accountId: string): number {
  const range = { start: afterKey(accountId), end: entryKey(accountId, 0), reverse: true, limit: 1 };
  for (const { value } of database.getRange(range))
    return parseAccountRevision(value).account.version.sequence;
  return 0;
}

/** The last entry of a sequence up to this one. */
export function lastAccountEntry(
  database: Database,
  accountId: string,
  sequence: number,
): string | undefined {
  const range = {
    start: entryKey(accountId, sequence),
    end: entryKey(accountId, 0),
    reverse: true,
    limit: 1,
  };
  for (const { value } of database.getRange(range)) return value;
  return undefined;
}

export function nextAccountEntry(database: Database, accountId: string, after: number): string | undefined {
  const range = { start: entryKey(accountId, after + 1), end: afterKey(accountId), limit: 1 };
  for (const { value } of database.getRange(range)) return value;
  return undefined;
}

/** The revisions that commits after a sequence made, oldest first, one by one. */
export function* accountRevisions(
  database: Database,
  accountId: string,
  after: number,
): Generator<AccountRevision> {
  const range = { start: entryKey(accountId, after + 1), end: afterKey(accountId) };
  for (const { value } of database.getRange(range)) yield parseAccountRevision(value);
}

export function accountHistory(
  database: Database,
  accountId: string,
  after: number,
  limit: number,
): AccountRevision[] {
  const range = { start: entryKey(accountId, after + 1), end: afterKey(accountId), limit };
  return [...database.getRange(range)].map(({ value }) => parseAccountRevision(value));
}
