import type {
  AccountRevision,
  Change,
  Changes,
  Commit,
  CommitOutcome,
  DocumentHistory,
  EarlierOperation,
  HistoryOf,
} from "./commit.js";
import type {
  DocumentKey,
  Lineage,
  Position,
  StoredDocument,
  TreeToken,
  Version,
  Versions,
  VersionsOf,
} from "./stored.js";

// The port's one door: what is stored, and how it is changed, come with it.
export * from "./commit.js";
export * from "./stored.js";

/**
 * The port: what Strata needs of a place that keeps documents and accounts.
 *
 * Every adapter promises, and `test/store/store-contract.ts` checks on each of them:
 * - answers have the length and the order of what was asked; missing is a value (`undefined`), never an error;
 * - a read sees every commit that was acknowledged before the read was made, and never half of one;
 * - a commit checks everything it expects before it writes anything, and writes all of it or nothing;
 * - an acknowledged commit survives the loss of the process and of power;
 * - commit times never go backwards: each is the latest of the commit's `at`, the time of the commit before it, and the first
 *   moment that `layersAt` has not told of yet;
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
  /**
   * The accounts below one that inherit from it, in the order of `descendants`, as of one moment.
   * @throws StrataError STORE_UNAVAILABLE as `documentOwners`
   */
  inheriting(of: InheritingOf): Promise<readonly InheritingAccount[]>;
  /** The stored layers of configs, all as of one moment, each with the lineage that names them. */
  layers(targets: readonly DocumentKey[], bodies: LayerBodies): Promise<StoredConfigs>;
  /** Documents alone, without blame, all as of one moment; undefined where none is stored. Cheaper than `layers`. */
  documents(keys: readonly DocumentKey[]): Promise<readonly (StoredDocument | undefined)[]>;
  /**
   * The same as of a past moment, as far as histories still tell. What was told of a moment that is over stays so: no commit
   * that is not in the answer gets a time at or before it. A store that was opened for reading alone cannot promise that.
   * @param moment RFC 3339, as `toISOString` writes it
   * @param now the caller's clock, likewise
   */
  layersAt(targets: readonly DocumentKey[], moment: string, now: string): Promise<LayersAt>;
  /**
   * The same as a past commit left it, as far as histories still tell.
   * @param sequence of the commit, at most that of the newest one; 0: of before the first one
   */
  layersAfter(targets: readonly DocumentKey[], sequence: number): Promise<LayersAfter>;
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
  /**
   * Calls back soon after commits, whoever made them: at least once after the last of several, and also where it cannot tell
   * whether there was one. What was committed is then there to read. Takes no read of the store while nothing is committed.
   * @param wake must not throw
   * @returns what ends it
   */
  follow(wake: () => void): () => void;
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
  | "inheriting"
  | "layers"
  | "documents"
  | "layersAt"
  | "layersAfter"
  | "versions"
  | "history"
  | "accountHistory"
  | "changes"
  | "pastChanges"
  | "documentOwners"
  | "rootId"
  | "close"
>;

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

export interface InheritingOf {
  readonly accountId: string;
  /** Of which config it is told who has a document. */
  readonly configId: string;
  /** True: all below; else none of those that are below another reseller. */
  readonly throughResellers: boolean;
  /** Goes on behind this place; what was there may have gone meanwhile. Absent: from the first. */
  readonly after?: AccountPath;
  readonly limit: number;
}
export interface InheritingAccount {
  readonly path: AccountPath;
  readonly isReseller: boolean;
  readonly hasDocument: boolean;
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
  /** False: the moment is the future, for the caller's clock and the newest commit alike, and the answer may change yet. */
  readonly isOver: boolean;
  readonly configs: readonly PastConfig[];
}

/** What configs were stored as right after a commit, likewise. */
export type LayersAfter = Pick<LayersAt, "incarnation" | "configs">;

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
