import type { Key } from "lmdb";
import { laterOf } from "../../domain/clock.js";
import { inheritedDocument } from "../inherited-records.js";
import {
  changeBody,
  changeRecord,
  documentBody,
  newAccount,
  ownerOf,
  parseChange,
  recordOf,
  storedDocument,
} from "../records.js";
import {
  type AccountRecord,
  type Change,
  type Changes,
  type Commit,
  type CommitOutcome,
  type Committed,
  type DocumentKey,
  documentKeys,
  type HistoryRetention,
  keyText,
  type LayerBodies,
  type Position,
  QUIET_LIMIT,
  type QuietSince,
  type StoredConfigs,
  type StoredDocument,
  sameVersion,
  sequenceOfChange,
  type TreeToken,
  type Version,
  type Versions,
  type VersionsOf,
  versionText,
} from "../store.js";
import { accountVersionOf, fitsTree, lineageOf, writeAccount } from "./lmdb-accounts.js";
import { type Database, randomToken } from "./lmdb-database.js";
import { indexDocument, passCommit } from "./lmdb-index.js";
import { earlierOperation, rememberOperation, secondsUntilRoom } from "./lmdb-operations.js";
import { versionKey, versionOf } from "./lmdb-versions.js";
import { putAccountEntry } from "./past/lmdb-account-history.js";
import { blameAt, keepRevision } from "./past/lmdb-history.js";
import { dropDocuments } from "./past/lmdb-left-histories.js";

/** How long things are remembered that nobody needs for ever. */
export interface Retention extends HistoryRetention {
  /** How many of the newest changes the feed keeps. */
  readonly feedEntries: number;
  /** How many operations that callers named are remembered at a time. */
  readonly namedOperations: number;
  /** How long operations are remembered, in milliseconds. */
  readonly operationLifeMs: { readonly own: number; readonly named: number };
  /** Milliseconds since the epoch: decides when operation ids are forgotten. */
  readonly now: () => number;
}

/**
 * The layout, as ordered keys: accounts and every record they had, versions, documents, their writes by revision, their blame, who has
 * a document of which config, the feed by sequence, operation ids and when they are forgotten. Beside that texts of one name: the
 * newest sequence, time and tree token, the root, and the secret of the gateway.
 */
export const FORMAT = 3;
export const documentKey = (key: DocumentKey): Key => ["d", ownerOf(key), key.configId];
/** When an account of this id was last deleted. */
const deletionKey = (accountId: string): Key => ["gone", accountId];
export const feedKey = (sequence: number): Key => ["feed", sequence];

const TRIMMED_PER_COMMIT = 2;

/**
 * What becomes of one commit, inside a transaction. Every check comes before the first put. Nothing here waits: a
 * transaction is one turn.
 * @param text the document's text; undefined removes it
 * @param retention.earliest no commit gets an earlier time; empty: any
 */
export function decide(
  database: Database,
  commit: Commit,
  text: string | undefined,
  retention: Retention & { readonly earliest: string },
): CommitOutcome {
  const { operation } = commit;
  const now = retention.now();
  const earlier = earlierOperation(database, operation, now);
  if (earlier !== undefined) {
    const { digest, version, at = commit.at, memo } = earlier;
    if (digest !== operation.digest) return { outcome: "operationReused" };
    return { outcome: "done", version, at, replayed: true, ...(memo !== undefined && { memo }) };
  }
  if (!holds(database, commit) || !(commit.write.on === "document" || fitsTree(database, commit.write))) {
    const { accounts, documents } = commit.expect;
    const of = { accounts: accounts.map(({ id }) => id), documents: documents.map(({ key }) => key) };
    return { outcome: "conflict", current: versionsOf(database, of) };
  }
  const retryAfter = secondsUntilRoom(database, operation, retention.namedOperations, now);
  if (retryAfter > 0) return { outcome: "operationsFull", retryAfter };
  const made: Committed = {
    version: nextVersion(database, commit.write),
    at: [lastTime(database), retention.earliest].reduce(laterOf, commit.at),
  };
  put(database, commit, text, made, retention);
  const { sequence } = made.version;
  database.put("seq", String(sequence));
  database.put("time", made.at);
  rememberOperation(database, operation, made, now, retention.operationLifeMs);
  trimFeed(database, sequence - retention.feedEntries);
  return { outcome: "done", ...made, replayed: false };
}

/** The feed may have been kept longer before: then it gets shorter with each commit. */
function trimFeed(database: Database, upTo: number): void {
  if (upTo <= 0) return;
  const range = { start: feedKey(0), end: feedKey(upTo + 1), limit: TRIMMED_PER_COMMIT };
  for (const key of [...database.getKeys(range)]) database.remove(key);
}

/** The time of the newest commit; a store of an older release has it in its feed alone. Empty: nobody knows of one. */
export function lastTime(database: Database): string {
  const time = database.get("time");
  if (time !== undefined) return time;
  const newest = database.get(feedKey(sequenceOf(database)));
  return newest === undefined ? "" : parseChange(newest).at;
}

/** Something that was restored was made then: no commit is to be older. */
export function passTime(database: Database, time: string): void {
  database.put("time", laterOf(lastTime(database), new Date(time).toISOString()));
}

function holds(database: Database, { expect }: Commit): boolean {
  return (
    expect.documents.every(({ key, version }) => sameVersion(versionOf(database, key), version)) &&
    expect.accounts.every(({ id, version }) => sameVersion(accountVersionOf(database, id), version)) &&
    (expect.tree === undefined || expect.tree === treeOf(database)) &&
    (expect.quietSince === undefined || isQuiet(database, expect.quietSince)) &&
    (expect.noRoot === undefined || database.get("root") === undefined)
  );
}

function isQuiet(database: Database, { sequence: after, configId }: QuietSince): boolean {
  const { changes, sequence } = changesAfter(database, after, QUIET_LIMIT);
  if (changes === undefined || changes.length < sequence - after) return false;
  return changes.every((change) => change.on === "document" && change.key.configId !== configId);
}

function nextVersion(database: Database, write: Commit["write"]): Version {
  const current =
    write.on === "document" ? versionOf(database, write.key) : accountVersionOf(database, write.account.id);
  return {
    revision: (current?.revision ?? 0) + 1,
    sequence: sequenceOf(database) + 1,
    nonce: randomToken(),
  };
}

function put(
  database: Database,
  commit: Commit,
  text: string | undefined,
  { version, at }: Committed,
  retention: Retention,
): void {
  const { by, schema, note } = commit;
  const origin = { at, by, schema, note };
  const write = stamped(database, commit, at);
  const change = recordOf(version, changeBody({ write, ...origin }));
  if (write.on === "document") {
    const { kind, restoredFrom, key, blame } = write;
    const record = recordOf(version, documentBody({ kind, ...origin, restoredFrom }, text));
    const before = versionOf(database, key);
    putDocument(database, key, record, version);
    keepRevision(database, key, { record, version, before, blame }, retention);
    indexDocument(database, write.key, text !== undefined);
    passCommit(database, write.key.configId, version.sequence);
  } else {
    if (write.kind === "DELETE") {
      passDeletion(database, write.account.id, at);
      // Those of the account itself leave nothing behind either.
      const dropped = dropDocuments(database, write.account.id) + version.revision;
      database.put("dropped", String(droppedOf(database) + dropped));
    }
    if (writeAccount(database, write, version)) database.put("tree", randomToken());
    putAccountEntry(database, write.account.id, version.sequence, change);
  }
  database.put(feedKey(version.sequence), change);
}

/** An account was deleted at that time. */
export function passDeletion(database: Database, accountId: string, at: string): void {
  database.put("lastDeletion", laterOf(at, database.get("lastDeletion") ?? ""));
  database.put(deletionKey(accountId), at);
}

/** A creation gets its time here: nobody knows it before. */
function stamped(database: Database, { write, at: clock }: Commit, at: string): Commit["write"] {
  if (write.on === "document" || write.kind !== "CREATE") return write;
  const deletedAt = database.get(deletionKey(write.account.id));
  return { ...write, account: newAccount(write.account, clock, at, deletedAt) };
}

export function putDocument(database: Database, key: DocumentKey, record: string, version: Version): void {
  database.put(versionKey(key), versionText(version));
  database.put(documentKey(key), record);
}

function documentOf(
  database: Database,
  key: DocumentKey,
  withBlame: boolean,
  isInherited: boolean,
): StoredDocument | undefined {
  const record = database.get(documentKey(key));
  if (record === undefined) return undefined;
  if (withBlame) return storedDocument(record, blameAt(database, key));
  return isInherited ? inheritedDocument(record) : storedDocument(record);
}

export function configsOf(
  database: Database,
  targets: readonly DocumentKey[],
  bodies: LayerBodies,
): StoredConfigs {
  // Most of what several configs inherit from is the same.
  const accounts = new Map<string, AccountRecord | undefined>();
  const inherited = new Map<string, Version | undefined>();
  const versionAt = (key: DocumentKey): Version | undefined => {
    const name = keyText(key);
    if (!inherited.has(name)) inherited.set(name, versionOf(database, key));
    return inherited.get(name);
  };
  const configs = targets.map(({ accountId, configId }) => {
    const lineage = accountId === undefined ? undefined : lineageOf(database, accountId, accounts);
    if (accountId !== undefined && lineage === undefined) return undefined;
    const keys = documentKeys(lineage, configId);
    const documents = (bodies === "own" ? keys.slice(0, 1) : keys).map((key, index) =>
      documentOf(database, key, bodies === "blame" || (bodies === "write" && index === 0), index > 0),
    );
    const versions = keys.map((key, index) =>
      index < documents.length ? documents[index]?.version : versionAt(key),
    );
    return { lineage, keys, versions, documents };
  });
  return { tree: treeOf(database), ...positionOf(database), configs };
}

export function documentsOf(
  database: Database,
  keys: readonly DocumentKey[],
): (StoredDocument | undefined)[] {
  return keys.map((key) => documentOf(database, key, false, false));
}

export function versionsOf(database: Database, { accounts, documents }: VersionsOf): Versions {
  return {
    tree: treeOf(database),
    ...positionOf(database),
    accounts: accounts.map((id) => accountVersionOf(database, id)),
    documents: documents.map((key) => versionOf(database, key)),
  };
}

/** The feed is without gaps: what is missing between a sequence and the oldest change is no longer kept. */
export function changesAfter(database: Database, after: number, limit: number): Changes {
  const sequence = sequenceOf(database);
  const changes: Change[] = [];
  for (const { value } of database.getRange({ start: feedKey(after + 1), end: feedKey(sequence + 1), limit }))
    changes.push(parseChange(value));
  const isComplete =
    after >= sequence || (changes[0] !== undefined && sequenceOfChange(changes[0]) === after + 1);
  return { changes: isComplete ? changes : undefined, sequence };
}

export function putChange(database: Database, change: Change): void {
  database.put(feedKey(sequenceOfChange(change)), changeRecord(change));
}

export function changesBefore(database: Database, before: number | undefined, limit: number): Change[] {
  const start = feedKey(before === undefined ? sequenceOf(database) : before - 1);
  const range = { start, end: feedKey(0), reverse: true, limit };
  return [...database.getRange(range)].map(({ value }) => parseChange(value));
}

/** The name of the import that was begun and not finished; undefined when there is none. */
export function unfinishedImport(database: Database): string | undefined {
  return database.get("import");
}

export function treeOf(database: Database): TreeToken {
  return database.get("tree") ?? "";
}

export function incarnationOf(database: Database): string {
  return database.get("incarnation") ?? "";
}

export function sequenceOf(database: Database): number {
  return Number(database.get("seq") ?? 0);
}

function positionOf(database: Database): Position {
  return { incarnation: incarnationOf(database), sequence: sequenceOf(database) };
}

/** How many commits left nothing behind: those of accounts that were deleted. */
export function droppedOf(database: Database): number {
  return Number(database.get("dropped") ?? 0);
}
