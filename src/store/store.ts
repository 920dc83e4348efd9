import type { JsonObject } from "../domain/json.js";
import { resellerLineage } from "../domain/reseller.js";

/**
 * The port: what Strata needs of a place that keeps documents and accounts.
 *
 * Every adapter promises, and `test/store/store-contract.ts` checks on each of them:
 * - answers have the length and the order of what was asked; missing is a value (`undefined`), never an error;
 * - a read sees every commit that was acknowledged before the read was made, and never half of one;
 * - a commit checks everything it expects before it writes anything, and writes all of it or nothing;
 * - an acknowledged commit survives the loss of the process and of power;
 * - commit times never go backwards: each is the later of the commit's `at` and the time of the commit before it;
 * - the accounts stay one tree under one root, at most `TREE_DEPTH` levels deep: a commit that would make an account
 *   twice, a second root, a child of nobody, a circle or a deeper tree, or change or delete what is not there, or delete
 *   what has children, is a conflict, expected or not;
 * - with an account goes everything of its documents: versions and histories too; the records that the account had stay;
 * - each commit to a document leaves a revision in its history, in the same step; the oldest go once there are more than
 *   the store was opened to keep, some with each commit; the newest stays;
 * - the index of a config's documents, and the history of an account, change in the same step as what they tell of;
 * - a store that cannot answer fails with `StrataError` STORE_UNAVAILABLE within two seconds.
 */
export interface Store {
  /** Each account with its ancestors, itself first, the root last; undefined where there is no such account. */
  lineages(accountIds: readonly string[]): Promise<Lineages>;
  /** The accounts below one, and how many there are, all as of one moment; of an account that is not there, none. */
  descendants(of: DescendantsOf): Promise<Descendants>;
  /** The stored layers of configs, all as of one moment, each with the lineage that names them. */
  layers(targets: readonly DocumentKey[], bodies: LayerBodies): Promise<StoredConfigs>;
  /**
   * The same as of a past moment, as far as histories still tell.
   * @param moment RFC 3339, as `toISOString` writes it
   */
  layersAt(targets: readonly DocumentKey[], moment: string): Promise<LayersAt>;
  /** The versions alone, all as of one moment: the cheap way to learn whether something known still holds. */
  versions(of: VersionsOf): Promise<Versions>;
  /**
   * Whether the newest commit is still the one of this sequence, where that can be told at once and for next to nothing:
   * then everything is as it was seen at that sequence. False says nothing.
   */
  isStillAt(sequence: number): boolean;
  /** The id of the root account; undefined in an empty store. */
  rootId(): Promise<string | undefined>;
  commit(commit: Commit): Promise<CommitOutcome>;
  /** What is remembered of an operation that a caller named; undefined: nothing, or no longer. */
  operation(id: string): Promise<EarlierOperation | undefined>;
  /** The changes that came after a sequence, oldest first, at most `limit` of them. */
  changes(after: number, limit: number): Promise<Changes>;
  /**
   * The changes that came before a sequence (undefined: all), newest first, at most `limit` of them; fewer: what came before
   * those is no longer kept.
   */
  pastChanges(before: number | undefined, limit: number): Promise<readonly Change[]>;
  /**
   * The records of an account that commits after a sequence made, oldest first, at most `limit` of them; its deletions
   * are among them, and what came before them. What an older release did not keep is missing.
   */
  accountHistory(accountId: string, after: number, limit: number): Promise<readonly AccountRevision[]>;
  /** The revisions of a document that are still kept, newest first. */
  history(of: HistoryOf): Promise<DocumentHistory>;
  /**
   * The accounts that have a document of a config, as of one moment.
   * @throws StrataError STORE_UNAVAILABLE while the index of a store of an older release is being made
   */
  documentOwners(of: DocumentOwnersOf): Promise<DocumentOwners>;
  /** Why no commit is applied for the time being, as far as is known, in words for the operator; undefined: they are. */
  writeObstacle(): string | undefined;
  /**
   * The same, found out by a write of the store's own to a place of its own; at most one a second is made. Never rejects,
   * and answers within two seconds.
   */
  probeWrites(): Promise<string | undefined>;
  /** Finishes what runs, then lets go of every resource. Calls after it are STORE_UNAVAILABLE. */
  close(): Promise<void>;
}

/** The part of the port that reads what configs are made of. */
export type StoreReads = Pick<
  Store,
  | "lineages"
  | "descendants"
  | "layers"
  | "layersAt"
  | "versions"
  | "history"
  | "accountHistory"
  | "pastChanges"
  | "rootId"
  | "close"
>;

/** Where a document lives: with an account, or (no account) in the system layer. */
export interface DocumentKey {
  readonly accountId: string | undefined;
  readonly configId: string;
}

/**
 * What the store compares, whole. `revision` counts the writes of one document, also across removals; `sequence` is the
 * commit's place among all commits; the nonce tells two commits apart that a failover gave the same numbers.
 */
export interface Version {
  readonly revision: number;
  readonly sequence: number;
  readonly nonce: string;
}

export function sameVersion(a: Version | undefined, b: Version | undefined): boolean {
  return a?.revision === b?.revision && a?.sequence === b?.sequence && a?.nonce === b?.nonce;
}

export interface StoredDocument {
  readonly version: Version;
  /** Undefined: the document was removed; its version alone lives on, so that no revision is used twice. */
  readonly override: JsonObject | undefined;
  /** RFC 3339, UTC. */
  readonly updatedAt: string;
  /** The subject of the principal who wrote it. */
  readonly updatedBy: string;
  readonly note?: string | undefined;
  /** Where it was asked for, and is known. */
  readonly blame?: StoredBlame;
}

/** Who put each value of a document, as text that the store does not look into (`src/domain/blame.ts`). */
export interface StoredBlame {
  /**
   * Of the document that it tells of. An older release writes documents without it: then this is the version of a document
   * from before.
   */
  readonly version: Version;
  readonly text: string;
}

export interface AccountRecord {
  readonly id: string;
  readonly name: string;
  /** Undefined for the root alone. */
  readonly parentId: string | undefined;
  readonly isReseller: boolean;
  /** The time of the commit that created it. */
  readonly createdAt: string;
  /**
   * The first second, since the epoch, whose tokens are for this account: earlier ones may be for another account that had
   * its id. Absent: the second of `createdAt`.
   */
  readonly tokensFrom?: number;
  readonly version: Version;
}

/** One token for the whole tree of accounts: it changes when an account moves or its reseller flag does. */
export type TreeToken = string;
export type Lineage = readonly [AccountRecord, ...AccountRecord[]];

/** Accounts on the way from the root to the deepest, both counted. */
export const TREE_DEPTH = 32;

export interface Lineages {
  readonly tree: TreeToken;
  /** The time of the commit that last deleted an account, RFC 3339; undefined: none ever was. */
  readonly lastDeletion: string | undefined;
  readonly lineages: readonly (Lineage | undefined)[];
}

/** The way down to an account: ids, from a child of the one that is asked about to the account itself. */
export type AccountPath = readonly string[];
export interface DescendantsOf {
  readonly accountId: string;
  /** Only so many levels of them are listed; absent: all. */
  readonly levels?: number;
  /** Goes on behind this place; what was there may have gone meanwhile. Absent: from the first. */
  readonly after?: AccountPath;
  /** Goes the other way: from the last account on, or from the one before this place. `after` does not count then. */
  readonly backwards?: { readonly before?: AccountPath };
  readonly limit: number;
}
export interface Descendants {
  /** Depth first, siblings by id: each account comes before those below it. Backwards it is this order, reversed. */
  readonly paths: readonly AccountPath[];
  /** How many accounts are one level below, two levels below, and so on; as long as there are any. */
  readonly counts: readonly number[];
}

/**
 * Which documents of a config come with their versions: its own alone; those that it inherits from as well (`all`); all,
 * and the blame of its own (`write`); all, each with its blame (`blame`).
 */
export type LayerBodies = "own" | "all" | "write" | "blame";

/** One config as it is stored (R1), highest precedence first. */
interface StoredLayers {
  /** Undefined for the system level. */
  readonly lineage: Lineage | undefined;
  readonly keys: readonly DocumentKey[];
  readonly versions: readonly (Version | undefined)[];
  /** Those of the first keys: of one of them, or of all. */
  readonly documents: readonly (StoredDocument | undefined)[];
}

/** The state that a store is in: one life of it, and how many commits that life has seen. */
export interface Position {
  /** Another one after an import. */
  readonly incarnation: string;
  /** The sequence of the newest commit. */
  readonly sequence: number;
}

/** Read at a position. */
export interface StoredConfigs extends Position {
  readonly tree: TreeToken;
  /** Undefined where there is no such account. */
  readonly configs: readonly (StoredLayers | undefined)[];
}

/**
 * What configs were stored as after the last commit at or before a moment. Several commits can have one time: all of them
 * count. It is read in one step, and exact: what the store cannot tell exactly is `notKept`.
 */
export interface LayersAt {
  /** Of the store that it was read in. */
  readonly incarnation: string;
  /** The time of the newest commit when it was read; undefined: there was none. No later commit has an earlier time. */
  readonly newest: string | undefined;
  readonly configs: readonly PastConfig[];
}

export type PastConfig =
  | PastLayers
  /** Its account did not exist at the moment, or another account had its id then. */
  | { readonly outcome: "noAccount" }
  /**
   * Something that it was made of is not kept, or goes back to a release that did not write it down. `next` is the earliest
   * later moment at which the store may tell, RFC 3339.
   */
  | { readonly outcome: "notKept"; readonly next: string };

/** One config as it was stored then, highest precedence first. */
export interface PastLayers {
  readonly outcome: "kept";
  /** The account's ancestry of then; undefined for the system level. */
  readonly lineage: Lineage | undefined;
  readonly keys: readonly DocumentKey[];
  readonly versions: readonly (Version | undefined)[];
  readonly documents: readonly (StoredDocument | undefined)[];
  /** A sequence after which exactly this was stored: that of the last commit at or before the moment, if the feed still tells. */
  readonly sequence: number;
  /**
   * The digest of the schema folder of the last commit at or before the moment; where the feed no longer tells, of the
   * last one that this config is made of. Undefined: there is none, or it was not written down.
   */
  readonly schema: string | undefined;
}

/** Where the layers of a config are stored (R1): the account's, its reseller's, the system's. */
export function documentKeys(lineage: Lineage | undefined, configId: string): DocumentKey[] {
  const system: DocumentKey = { accountId: undefined, configId };
  if (lineage === undefined) return [system];
  const reseller = resellerLineage(lineage);
  const own: DocumentKey = { accountId: lineage[0].id, configId };
  return reseller === undefined ? [own, system] : [own, { accountId: reseller[0].id, configId }, system];
}

export interface VersionsOf {
  readonly accounts: readonly string[];
  readonly documents: readonly DocumentKey[];
}
/** Read at a position. */
export interface Versions extends Position {
  readonly tree: TreeToken;
  readonly accounts: readonly (Version | undefined)[];
  readonly documents: readonly (Version | undefined)[];
}

export interface DocumentOwnersOf {
  readonly configId: string;
  /** Goes on behind this account id. Absent: from the first. */
  readonly after?: string;
  readonly limit: number;
}
export interface DocumentOwners {
  /** By id. The system layer is none of them, nor is an account whose document was removed. */
  readonly accountIds: readonly string[];
  /**
   * The sequence of the last commit to a document of the config, the system layer's included; 0: there was none. The
   * deletion of an account is a commit to the account, not to its documents.
   */
  readonly lastSequence: number;
}

/** How many of the newest revisions of each document are kept, and how many bytes of their records; the newest always is. */
export interface HistoryRetention {
  readonly historyRevisions: number;
  readonly historyBytes: number;
}
/** What is kept where nothing else is asked for. */
export const HISTORY_REVISIONS = 1_000;
export const HISTORY_BYTES = 2 ** 20;

/** The facts kept with a commit beside the write itself. */
export interface CommitOrigin {
  /** RFC 3339, UTC. */
  readonly at: string;
  /** The subject of the principal. */
  readonly by: string;
  /** The digest of the schema folder that it was decided under. Absent: under none, or an older release wrote it. */
  readonly schema?: string | undefined;
  /** Why, in words for people: as `noteTrouble` lets them pass. */
  readonly note?: string | undefined;
}

/** A commit's origin, without the members that it lacks. */
export function originOf({ at, by, schema, note }: CommitOrigin): CommitOrigin {
  return { at, by, ...(schema !== undefined && { schema }), ...(note !== undefined && { note }) };
}

/** One commit, as the change feed tells it. */
export type Change = DocumentChange | AccountChange;
export interface DocumentChange extends CommitOrigin {
  readonly on: "document";
  readonly key: DocumentKey;
  readonly version: Version;
  readonly kind: WriteKind;
}
export interface AccountChange extends CommitOrigin {
  readonly on: "account";
  readonly kind: AccountWriteKind;
  /** As it is after the change; of a deletion: as it was, with the version that the deletion made. */
  readonly account: AccountRecord;
}
export function sequenceOfChange(change: Change): number {
  return (change.on === "document" ? change : change.account).version.sequence;
}

/** A record of an account as a commit made it. What an older release did not write down is absent. */
export type AccountRevision = Pick<AccountChange, "account"> & Partial<Omit<AccountChange, "account" | "on">>;
export interface Changes {
  /** Undefined: some of them are no longer kept. */
  readonly changes: readonly Change[] | undefined;
  /** The sequence of the newest commit when they were read. */
  readonly sequence: number;
}

/** One revision of a document: what a commit to it left. */
export interface DocumentRevision extends CommitOrigin {
  readonly version: Version;
  readonly kind: WriteKind;
  /** Of a RESTORE: the revision whose document was put back. */
  readonly restoredFrom?: number | undefined;
  /** All overrides as they became, visible or not; undefined: the document was removed. */
  readonly override: JsonObject | undefined;
}
export interface HistoryOf {
  readonly key: DocumentKey;
  /** Only revisions below this one. Absent: from the newest on. */
  readonly before?: number;
  readonly limit: number;
  /** No more of them once their records together have so many bytes; there is always one, if there are any. */
  readonly bytes: number;
}
export interface DocumentHistory {
  /** Newest first, without gaps. */
  readonly revisions: readonly DocumentRevision[];
  /** The lowest revision that is still kept; undefined: none is. */
  readonly oldest: number | undefined;
}

/** What must still hold when the commit is applied. An undefined version means: not there. */
export interface Expectations {
  readonly documents: readonly { readonly key: DocumentKey; readonly version: Version | undefined }[];
  readonly accounts: readonly { readonly id: string; readonly version: Version | undefined }[];
  /** Absent: the commit does not depend on the tree's shape. */
  readonly tree?: TreeToken;
  /** True: there is no root yet. */
  readonly noRoot?: true;
}

/** A key as text, another one for each: what names of things remembered are made of. */
export function keyText({ accountId, configId }: DocumentKey): string {
  return `${accountId ?? ""}/${configId}`;
}

/** A version as text: what stores compare, and what cache keys are made of. */
export function versionText(version: Version | undefined): string {
  return version === undefined ? "-" : `${version.revision}.${version.sequence}.${version.nonce}`;
}

export const WRITE_KINDS = ["SET", "PATCH", "RESET", "RESTORE"] as const;
export type WriteKind = (typeof WRITE_KINDS)[number];

interface DocumentWrite {
  readonly on: "document";
  readonly key: DocumentKey;
  /** Undefined removes the document. */
  readonly override: JsonObject | undefined;
  readonly kind: WriteKind;
  readonly restoredFrom?: number | undefined;
  /** The document's blame from now on. Absent: not known; it can be derived from the history. */
  readonly blame?: string | undefined;
}

export const ACCOUNT_WRITE_KINDS = ["CREATE", "UPDATE", "DELETE"] as const;
export type AccountWriteKind = (typeof ACCOUNT_WRITE_KINDS)[number];

export interface AccountWrite {
  readonly on: "account";
  readonly kind: AccountWriteKind;
  /**
   * As it shall be, all of it; of a deletion: as it was. Under another parent all that is below it moves along. Of a
   * creation `createdAt` and `tokensFrom` are for the store to say (`newAccount` in records.ts).
   */
  readonly account: Omit<AccountRecord, "version">;
}

export interface Commit {
  readonly expect: Expectations;
  readonly write: DocumentWrite | AccountWrite;
  /**
   * The clock of whoever commits, as `toISOString` writes it. The commit's own time is this, or that of the commit before
   * it where that is later; it goes into the document, its history entry and the change event.
   */
  readonly at: string;
  readonly by: string;
  /** As `CommitOrigin` has it. Undefined: it was decided without schemas. */
  readonly schema: string | undefined;
  readonly note?: string | undefined;
  readonly operation: Operation;
}

/**
 * Makes a retry harmless: the same id with the same digest is answered with the first outcome and writes nothing.
 * The id is the caller's to make unique; the digest stands for everything the operation means to do.
 */
export interface Operation {
  readonly id: string;
  readonly digest: string;
  /**
   * Of an operation that a caller of the service named: what it takes to answer a retry, at most `MEMO_LIMIT` characters.
   * Such an operation is remembered for a day, and only so many of them are at a time. Absent: the id is the service's own,
   * for its own retries, and is remembered for a quarter of an hour. Ids with and without a memo are unrelated.
   */
  readonly memo?: string;
}

/** Characters of an operation's memo. */
export const MEMO_LIMIT = 1_024;

/** How long operations are remembered: those that callers named, and the service's own. Milliseconds. */
export const OPERATION_LIFE_MS = { named: 24 * 3_600_000, own: 900_000 } as const;

/** How many operations that callers named are remembered at a time. */
export const NAMED_OPERATIONS = 1_000_000;

/** An operation that a caller named, and what it made. */
export interface EarlierOperation extends Committed {
  readonly digest: string;
  readonly memo: string;
}

/** What a commit has made. */
export interface Committed {
  readonly version: Version;
  /** Its time, RFC 3339, UTC. */
  readonly at: string;
}

export type CommitOutcome =
  /** On disk. `replayed`: an earlier commit with this operation id did it; `memo` is then the one of that commit. */
  | ({ readonly outcome: "done"; readonly replayed: boolean; readonly memo?: string } & Committed)
  /** Something expected no longer holds; nothing was written. Read again and decide again. */
  | { readonly outcome: "conflict"; readonly current: Versions }
  /** The operation id was used for something else; nothing was written. */
  | { readonly outcome: "operationReused" }
  /** No more operations that callers name can be remembered for so many seconds; nothing was written. */
  | { readonly outcome: "operationsFull"; readonly retryAfter: number }
  /** Nothing was written, and the store said so. */
  | { readonly outcome: "notApplied"; readonly cause: Error }
  /** No answer in time: it may have been written. Send the same commit again to find out. */
  | { readonly outcome: "unknown"; readonly cause: Error };
