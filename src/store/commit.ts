import type { AccountRecord, DocumentContent, DocumentKey, TreeToken, Version, Versions } from "./stored.js";

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

/** One revision of a document: what a commit to it left, visible or not. */
export interface DocumentRevision extends CommitOrigin, DocumentContent {
  readonly version: Version;
  readonly kind: WriteKind;
  /** Of a RESTORE: the revision whose document was put back. */
  readonly restoredFrom?: number | undefined;
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
  /**
   * No commit that came after this sequence was to an account, or to a document of the config. What the store cannot tell any
   * more does not hold. Of commits to documents alone.
   */
  readonly quietSince?: QuietSince;
  /** True: there is no root yet. */
  readonly noRoot?: true;
}

export interface QuietSince {
  readonly sequence: number;
  readonly configId: string;
}
/** So many commits are looked through for it. */
export const QUIET_LIMIT = 10_000;

export const WRITE_KINDS = ["SET", "PATCH", "RESET", "RESTORE", "CONSTRAIN"] as const;
export type WriteKind = (typeof WRITE_KINDS)[number];

/** The document as it shall be, all of it; without an override it is removed. */
interface DocumentWrite extends DocumentContent {
  readonly on: "document";
  readonly key: DocumentKey;
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
   * The clock of whoever commits, as `toISOString` writes it. The commit's own time is this, or a later one where the store
   * says so (see `Store`); it goes into the document, its history entry and the change event.
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
