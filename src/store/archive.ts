import type { AccountRecord, Changes, DocumentKey, Version, WriteKind } from "./store.js";

/**
 * The port of those who copy a whole store: every account, and every write of every document with the version it made.
 * A document is its newest write, so that its writes are all there is to keep of it.
 */
export interface ArchiveSource {
  position(): Promise<Position>;
  /**
   * Every account and the key of every document that was ever written, removed ones included, in pages. What is there
   * from the first page to the last comes at least once, in no order.
   */
  scan(): AsyncIterable<ScanPage>;
  /** The writes of one document from a revision on, oldest first, at most `limit` of them. */
  writes(key: DocumentKey, fromRevision: number, limit: number): Promise<readonly ArchivedWrite[]>;
  changes(after: number, limit: number): Promise<Changes>;
  close(): Promise<void>;
}

/** The port of those who fill a store from a copy. */
export interface ArchiveTarget {
  /** Whether nothing was ever stored; an import that was begun and not finished is something. */
  isEmpty(): Promise<boolean>;
  /** The name of the import that was begun and not finished; undefined when there is none. */
  unfinished(): Promise<string | undefined>;
  /** From now on nobody else reads or writes here. `clear` removes all that is stored first. */
  begin(name: string, clear: boolean): Promise<void>;
  /** Stores items as they are, versions included; the same item twice is the same as once. */
  restore(items: readonly ArchiveItem[]): Promise<void>;
  /** Opens the store under a new incarnation, its next commit coming after this sequence. */
  finish(sequence: number): Promise<Position>;
  close(): Promise<void>;
}

/** The state that a store is in: one life of it, and how many commits that life has seen. */
export interface Position {
  readonly incarnation: string;
  readonly sequence: number;
}

export interface ScanPage {
  readonly accounts: readonly AccountRecord[];
  readonly documents: readonly DocumentKey[];
}

export interface ArchivedWrite {
  readonly key: DocumentKey;
  readonly version: Version;
  readonly kind: WriteKind;
  readonly at: string;
  readonly by: string;
  /** The override's JSON text, as stored; undefined: the document was removed. */
  readonly text: string | undefined;
}

export type ArchiveItem =
  | { readonly on: "account"; readonly account: AccountRecord }
  | ({ readonly on: "document" } & ArchivedWrite);
