import type { Key } from "lmdb";
import { ancestor } from "../inherited-records.js";
import {
  accountBody,
  assembleLineage,
  countsText,
  parseAccount,
  parseCounts,
  parseVersion,
  recordOf,
  versionOfRecord,
} from "../records.js";
import {
  type AccountPath,
  type AccountRecord,
  type AccountWrite,
  type Descendants,
  type DescendantsOf,
  type Lineage,
  TREE_DEPTH,
  type Version,
} from "../store.js";
import type { Database } from "./lmdb-database.js";

/**
 * The tree of accounts as ordered keys: their records, the ids below each, and how many accounts each has below itself,
 * level by level. The last is kept, for nobody could count a large subtree within one turn.
 */
const accountKey = (id: string): Key => ["a", id];
export const childKey = (parentId: string, id: string): Key => ["k", parentId, id];
const countsKey = (id: string): Key => ["n", id];
/** Comes after every id. */
export const LAST_ID = "\x7f";

export function accountOf(database: Database, id: string, parse = parseAccount): AccountRecord | undefined {
  const record = database.get(accountKey(id));
  return record === undefined ? undefined : parse(record);
}

export function isReseller(database: Database, id: string): boolean {
  return database.get(accountKey(id))?.split("\n", 3)[2] === "reseller";
}

/** Costs less than to look for the first of them. */
export function hasChildren(database: Database, id: string): boolean {
  return database.get(countsKey(id)) !== undefined;
}

export function accountVersionOf(database: Database, id: string): Version | undefined {
  const record = database.get(accountKey(id));
  return record === undefined ? undefined : parseVersion(versionOfRecord(record));
}

/** @param known accounts already read in this turn: the ancestors of one are mostly those of the others */
export function lineageOf(
  database: Database,
  id: string,
  known = new Map<string, AccountRecord | undefined>(),
): Lineage | undefined {
  const recall = (accountId: string): AccountRecord | undefined => {
    if (!known.has(accountId))
      known.set(accountId, accountOf(database, accountId, accountId === id ? parseAccount : ancestor));
    return known.get(accountId);
  };
  return assembleLineage(id, recall);
}

function countsOf(database: Database, id: string): number[] {
  return parseCounts(database.get(countsKey(id)));
}

/** Whether the accounts would still be one tree under one root, and not too deep. */
export function fitsTree(database: Database, { kind, account }: AccountWrite): boolean {
  const { id, parentId } = account;
  const current = accountOf(database, id);
  if (kind === "CREATE")
    return (
      current === undefined && (parentId === undefined ? !hasRoot(database) : hasRoom(database, parentId, id))
    );
  if (current === undefined) return false;
  if (kind === "DELETE") return countsOf(database, id).length === 0;
  if (parentId === current.parentId) return true;
  return parentId !== undefined && current.parentId !== undefined && hasRoom(database, parentId, id);
}

function hasRoot(database: Database): boolean {
  return database.get("root") !== undefined;
}

/** Whether an account, and all that is below it, can hang there. */
function hasRoom(database: Database, parentId: string, id: string): boolean {
  const above = lineageOf(database, parentId);
  if (above === undefined || above.some((account) => account.id === id)) return false;
  return above.length + 1 + countsOf(database, id).length <= TREE_DEPTH;
}

/** @returns whether the tree's shape, or who its resellers are, is another one now */
export function writeAccount(database: Database, { kind, account }: AccountWrite, version: Version): boolean {
  const { id, parentId, isReseller } = account;
  const current = accountOf(database, id);
  if (kind === "DELETE") {
    if (current !== undefined) removeAccount(database, current);
    return false;
  }
  putAccount(database, { ...account, version });
  if (kind === "CREATE") {
    if (parentId !== undefined) count(database, parentId, [1], 1);
    return false;
  }
  const from = current?.parentId;
  if (from === parentId || from === undefined || parentId === undefined)
    return current?.isReseller !== isReseller;
  const subtree = [1, ...countsOf(database, id)];
  count(database, from, subtree, -1);
  count(database, parentId, subtree, 1);
  return true;
}

/** The record and its place; what counts it is left to others. */
export function putAccount(database: Database, account: AccountRecord): void {
  const { id, parentId, version } = account;
  const before = accountOf(database, id)?.parentId;
  if (before !== undefined && before !== parentId) database.remove(childKey(before, id));
  database.put(accountKey(id), recordOf(version, accountBody(account)));
  if (parentId === undefined) database.put("root", id);
  else database.put(childKey(parentId, id), id);
}

function removeAccount(database: Database, account: AccountRecord): void {
  takeAway(database, account);
  if (account.parentId !== undefined) count(database, account.parentId, [1], -1);
}

/** The record and its place, if it is there; what counts it is left to others. */
export function dropAccount(database: Database, id: string): void {
  const account = accountOf(database, id);
  if (account !== undefined) takeAway(database, account);
}

function takeAway(database: Database, { id, parentId }: AccountRecord): void {
  database.remove(accountKey(id));
  if (parentId !== undefined) database.remove(childKey(parentId, id));
  else if (database.get("root") === id) database.remove("root");
}

export function putCounts(database: Database, id: string, counts: readonly number[]): void {
  if (counts.length === 0) database.remove(countsKey(id));
  else database.put(countsKey(id), countsText(counts));
}

/** Adds a subtree, or takes it away, wherever it counts: with its parent and everybody above. */
function count(database: Database, parentId: string, subtree: readonly number[], sign: 1 | -1): void {
  for (const [distance, { id }] of (lineageOf(database, parentId) ?? []).entries()) {
    const counts = countsOf(database, id);
    for (const [level, accounts] of subtree.entries())
      counts[distance + level] = (counts[distance + level] ?? 0) + sign * accounts;
    while (counts.at(-1) === 0) counts.pop();
    putCounts(database, id, counts);
  }
}

export function descendantsOf(database: Database, of: DescendantsOf): Descendants {
  const paths = of.backwards === undefined ? pathsAfter(database, of) : pathsBefore(database, of);
  return { paths, counts: countsOf(database, of.accountId) };
}

function pathsAfter(
  database: Database,
  { accountId, levels = TREE_DEPTH, after = [], limit }: DescendantsOf,
): AccountPath[] {
  const paths: AccountPath[] = [];
  let [path, last] = placeOf(database, accountId, after);
  while (paths.length < limit) {
    const next = path.length < levels ? childAfter(database, path.at(-1) ?? accountId, last) : undefined;
    if (next !== undefined) {
      path = [...path, next];
      paths.push(path);
      last = "";
      continue;
    }
    const passed = path.at(-1);
    if (passed === undefined) break;
    path = path.slice(0, -1);
    last = passed;
  }
  return paths;
}

/** Those below an account are done before the account itself. */
function pathsBefore(
  database: Database,
  { accountId, levels = TREE_DEPTH, backwards: { before } = {}, limit }: DescendantsOf,
): AccountPath[] {
  const paths: AccountPath[] = [];
  if (before?.length === 0) return paths;
  let [path, bound] = before === undefined ? [[], LAST_ID] : placeBefore(database, accountId, before);
  while (paths.length < limit) {
    const next = path.length < levels ? childBefore(database, path.at(-1) ?? accountId, bound) : undefined;
    if (next !== undefined) {
      path = [...path, next];
      bound = LAST_ID;
      continue;
    }
    const done = path.at(-1);
    if (done === undefined) break;
    paths.push(path);
    path = path.slice(0, -1);
    bound = done;
  }
  return paths;
}

/** As far down as the path still leads, and there the child behind which to go on. */
function placeOf(database: Database, accountId: string, after: AccountPath): [AccountPath, string] {
  for (const [depth, id] of after.entries()) {
    const parentId = after[depth - 1] ?? accountId;
    if (database.get(childKey(parentId, id)) === undefined) return [after.slice(0, depth), id];
  }
  return [after, ""];
}

/** The parent of a place, or the last of its ancestors that is there, and its child before which to go on. */
function placeBefore(database: Database, accountId: string, before: AccountPath): [AccountPath, string] {
  const [path, gone] = placeOf(database, accountId, before.slice(0, -1));
  return [path, gone || (before.at(-1) ?? LAST_ID)];
}

function childAfter(database: Database, parentId: string, last: string): string | undefined {
  const range = {
    start: childKey(parentId, last),
    exclusiveStart: true,
    end: childKey(parentId, LAST_ID),
    limit: 1,
  };
  for (const { value } of database.getRange(range)) return value;
  return undefined;
}

function childBefore(database: Database, parentId: string, bound: string): string | undefined {
  const range = {
    start: childKey(parentId, bound),
    exclusiveStart: true,
    end: childKey(parentId, ""),
    reverse: true,
    limit: 1,
  };
  for (const { value } of database.getRange(range)) return value;
  return undefined;
}
