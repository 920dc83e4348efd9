import type {
  AccountRevision,
  Change,
  Changes,
  CommitOrigin,
  DocumentKey,
  Position,
  StoredBlame,
  Version,
  WriteKind,
} from "./store.js";

/**
 * The port of those who copy a whole store: every record that every account had, and every write of every document with
 * the version it made. An account is its newest record and a document its newest write, so that these are all there is to
 * keep of them. Others may be writing meanwhile;
 * each call sees every commit that was acknowledged before the call was made. Whoever cannot answer says so with
 * `StrataError` STORE_UNAVAILABLE. `test/store/archive-contract.ts` checks both ports on every adapter.
 */
export interface ArchiveSource {
  /** @throws StrataError STORE_UNAVAILABLE when there is no store, or only an import that was not finished */
  position(): Promise<StorePosition>;
  /**
   * Every record of every account, deleted ones included, those of one account oldest first; the key of every document
   * that was ever written, removed ones included; and the last sequence of every config. In pages: what is there from
   * the first page to the last comes at least once, in no other order.
   */
  scan(): AsyncIterable<ScanPage>;
  /**
   * The writes of one document from a revision on, or from the first later one that is still kept; oldest first, without
   * gaps, at most `limit` of them; fewer: there are no more. A write never changes. Several calls may be under way at once.
   */
  writes(key: DocumentKey, fromRevision: number, limit: number): Promise<readonly ArchivedWrite[]>;
  /** The blame that is kept with each of these documents; undefined: none. */
  blames(keys: readonly DocumentKey[]): Promise<readonly (StoredBlame | undefined)[]>;
  /** As the store's own: undefined when some of what came after the sequence is no longer kept. */
  changes(after: number, limit: number): Promise<Changes>;
  /** As the store's own. */
  accountHistory(accountId: string, after: number, limit: number): Promise<readonly AccountRevision[]>;
  close(): Promise<void>;
}

/** The port of those who fill a store from a copy. As long as it is open nobody else fills the same store. */
export interface ArchiveTarget {
  /** Whether nothing was ever stored; an import that was begun and not finished is something. */
  isEmpty(): Promise<boolean>;
  /** The name of the import that was begun and not finished; undefined when there is none. */
  unfinished(): Promise<string | undefined>;
  /**
   * From now on, until `finish`, the store is not served, also after the loss of this process. `clear` removes all that
   * is stored first, operation ids too. Begun again under the name that is unfinished, without `clear`, it goes on: a
   * clearing that was broken off is completed, what was restored stays.
   * @throws StrataError STORE_UNAVAILABLE when something else is stored and `clear` is not set; nothing was changed
   */
  begin(name: string, clear: boolean): Promise<void>;
  /**
   * Stores items as they are, versions included. The same item twice is the same as once; of what has several
   * revisions the newest is the current one, whatever order they come in; changes come oldest first. No operation id. The index by
   * config and the last sequences follow from the writes.
   */
  restore(items: readonly ArchiveItem[]): Promise<void>;
  /**
   * Opens the store under a new incarnation and with a new tree token. Its next commit comes after this sequence, and
   * its feed has what was restored of it: what came before that is "no longer kept".
   * @param dropped as `StorePosition` tells it
   */
  finish(sequence: number, dropped: number): Promise<StorePosition>;
  close(): Promise<void>;
}

export interface StorePosition extends Position {
  /** How many of its commits left nothing behind: those of accounts that were deleted, their deletion included. */
  readonly dropped: number;
}

export interface ScanPage {
  readonly accounts: readonly AccountRevision[];
  readonly documents: readonly DocumentKey[];
  readonly configs: readonly ArchivedConfig[];
}

export interface ArchivedWrite extends CommitOrigin {
  readonly key: DocumentKey;
  readonly version: Version;
  readonly kind: WriteKind;
  readonly restoredFrom?: number | undefined;
  /** The document's text, as stored (`document-text.ts`); undefined: it was removed. */
  readonly text: string | undefined;
}

export type ArchivedAccount = { readonly on: "account" } & AccountRevision;

export interface ArchivedDocument extends ArchivedWrite {
  readonly on: "document";
}

/** How many accounts an account has below it, as `Descendants` tells it: whoever restores accounts restores that too. */
export interface ArchivedCounts {
  readonly on: "counts";
  readonly accountId: string;
  readonly counts: readonly number[];
}

/** The sequence of the last commit to a config: the write that it made may have gone with its account. */
export interface ArchivedConfig {
  readonly on: "config";
  readonly configId: string;
  readonly sequence: number;
}

/** The blame of a document as one of its writes left it: of the newest one that is restored the store keeps it. */
export interface ArchivedBlame extends StoredBlame {
  readonly on: "blame";
  readonly key: DocumentKey;
}

/** A commit, as the feed tells it: the audit log is made of these. */
export interface ArchivedChange {
  readonly on: "change";
  readonly change: Change;
}

export type ArchiveItem =
  | ArchivedChange
  | ArchivedAccount
  | ArchivedDocument
  | ArchivedBlame
  | ArchivedConfig
  | ArchivedCounts;
