import { resolve } from "node:path";
import { laterOf } from "../../domain/clock.js";
import { StrataError } from "../../domain/errors.js";
import { documentText } from "../document-text.js";
import { isAtOrBefore } from "../past-records.js";
import { makeSecret, type SecretStore } from "../secret-store.js";
import { isLongAgo, isOver, momentAfter } from "../settled-moment.js";
import {
  type AccountRecord,
  type AccountRevision,
  type Change,
  type Changes,
  type Commit,
  type CommitOutcome,
  type Descendants,
  type DescendantsOf,
  type DocumentHistory,
  type DocumentKey,
  type DocumentOwners,
  type DocumentOwnersOf,
  type EarlierOperation,
  HISTORY_BYTES,
  HISTORY_REVISIONS,
  type HistoryOf,
  type InheritingAccount,
  type InheritingOf,
  type LayerBodies,
  type LayersAfter,
  type LayersAt,
  type Lineages,
  NAMED_OPERATIONS,
  OPERATION_LIFE_MS,
  type StoredConfigs,
  type StoredDocument,
  sameVersion,
  type Versions,
  type VersionsOf,
} from "../store.js";
import type { StoreNotice } from "../store-notice.js";
import { within } from "../within.js";
import type { FolderLock } from "./folder/folder-lock.js";
import { MAP_SIZE_BYTES, openFolder } from "./folder/lmdb-environment.js";
import { unusable } from "./folder/lmdb-errors.js";
import { LmdbWatch } from "./folder/lmdb-watch.js";
import { RenewableDatabase } from "./folder/renewable-database.js";
import { descendantsOf, lineageOf } from "./lmdb-accounts.js";
import { ANSWER_WITHIN_MS, LmdbCommitQueue } from "./lmdb-commit-queue.js";
import type { Database } from "./lmdb-database.js";
import { documentOwners } from "./lmdb-index.js";
import { inheriting } from "./lmdb-inheriting.js";
import { namedOperation, operationVersion } from "./lmdb-operations.js";
import {
  changesAfter,
  changesBefore,
  configsOf,
  decide,
  documentsOf,
  lastTime,
  type Retention,
  treeOf,
  versionsOf,
} from "./lmdb-records.js";
import { secretOf, secretWork } from "./lmdb-secret.js";
import { notApplied, probe } from "./lmdb-ticket.js";
import { accountHistory } from "./past/lmdb-account-history.js";
import { documentHistory } from "./past/lmdb-history.js";
import { hasLeft, REVISIONS_PER_PIECE } from "./past/lmdb-left-histories.js";
import { layersAfter, layersAt } from "./past/lmdb-past.js";
import { LmdbRemoval } from "./past/lmdb-removal.js";

export interface LmdbStoreOptions extends Partial<Retention> {
  /** Made when it is not there. Everything in it is the store's own. */
  readonly folder: string;
  /** Address space reserved for the data file: neither memory nor disk. The file may grow beyond it. */
  readonly mapSizeBytes?: number;
  readonly onNotice?: (notice: StoreNotice) => void;
  readonly readerCheckMs?: number;
  /** How many revisions of deleted accounts one transaction removes. */
  readonly revisionsPerPiece?: number;
}

type Settings = Required<LmdbStoreOptions>;

const DEFAULTS = {
  mapSizeBytes: MAP_SIZE_BYTES,
  feedEntries: 1_000_000,
  historyRevisions: HISTORY_REVISIONS,
  historyBytes: HISTORY_BYTES,
  namedOperations: NAMED_OPERATIONS,
  operationLifeMs: OPERATION_LIFE_MS as Retention["operationLifeMs"],
  now: Date.now,
  onNotice: (_notice: StoreNotice): void => {},
  readerCheckMs: 60_000,
  revisionsPerPiece: REVISIONS_PER_PIECE,
};
const PROBE_EVERY_MS = 1_000;

/**
 * The store in one LMDB environment: for one process, on disk before the answer.
 *
 * @throws StrataError STORE_UNAVAILABLE naming the folder, the reason and what to do
 */
export async function openLmdbStore(options: LmdbStoreOptions): Promise<SecretStore> {
  const settings: Settings = { ...DEFAULTS, ...options, folder: resolve(options.folder) };
  const { lock, database } = await openFolder(settings, "serve");
  return new LmdbStore(settings, lock, database);
}

class LmdbStore implements SecretStore {
  readonly #settings: Settings;
  readonly #lock: FolderLock;
  readonly #watch: LmdbWatch;
  readonly #open: RenewableDatabase;
  readonly #commits: LmdbCommitQueue;
  readonly #removal: LmdbRemoval;
  /** The first moment that nobody has been told of, RFC 3339; commits get no earlier time. Empty: there is none. */
  #earliest = "";
  #closing: Promise<void> | undefined;
  #probing: Promise<unknown> | undefined;
  /** On the clock of `performance.now()`. */
  #probedAt = Number.NEGATIVE_INFINITY;

  constructor(settings: Settings, lock: FolderLock, database: Database) {
    this.#settings = settings;
    this.#lock = lock;
    this.#open = new RenewableDatabase(database, settings, () => this.#watch.loss());
    this.#watch = new LmdbWatch({ ...settings, database: () => this.#open.current });
    this.#commits = new LmdbCommitQueue(this.#open, this.#watch, settings);
    this.#removal = new LmdbRemoval(this.#commits, settings.revisionsPerPiece);
    if (hasLeft(database)) this.#removal.start();
  }

  lineages(accountIds: readonly string[]): Promise<Lineages> {
    return this.#read((database) => {
      const known = new Map<string, AccountRecord | undefined>();
      return {
        tree: treeOf(database),
        lastDeletion: database.get("lastDeletion"),
        lineages: accountIds.map((id) => lineageOf(database, id, known)),
      };
    });
  }

  descendants(of: DescendantsOf): Promise<Descendants> {
    return this.#read((database) => descendantsOf(database, of));
  }

  layers(targets: readonly DocumentKey[], bodies: LayerBodies): Promise<StoredConfigs> {
    return this.#read((database) => configsOf(database, targets, bodies));
  }

  documents(keys: readonly DocumentKey[]): Promise<(StoredDocument | undefined)[]> {
    return this.#read((database) => documentsOf(database, keys));
  }

  async layersAt(targets: readonly DocumentKey[], moment: string, now: string): Promise<LayersAt> {
    await this.#settle(moment, now);
    return this.#read((database) => layersAt(database, targets, moment, now));
  }

  inheriting(of: InheritingOf): Promise<InheritingAccount[]> {
    return this.#read((database) => inheriting(database, of));
  }

  layersAfter(targets: readonly DocumentKey[], sequence: number): Promise<LayersAfter> {
    return this.#read((database) => layersAfter(database, targets, sequence));
  }

  /** From now on commits get later times; one that got its time before is in the transaction that is being written. */
  async #settle(moment: string, now: string): Promise<void> {
    const newest = await this.#read(lastTime);
    if (!isAtOrBefore(newest, moment) || !isOver(moment, now, newest)) return;
    this.#earliest = laterOf(this.#earliest, momentAfter(moment));
    try {
      await within(ANSWER_WITHIN_MS, this.#commits.transactionOver());
    } catch (error) {
      if (!isLongAgo(moment, now)) throw error;
    }
  }

  versions(of: VersionsOf): Promise<Versions> {
    return this.#read((database) => versionsOf(database, of));
  }

  isStillAt(sequence: number): boolean {
    return this.#closing === undefined && this.#open.isStillAt(sequence);
  }

  changes(after: number, limit: number): Promise<Changes> {
    return this.#read((database) => changesAfter(database, after, limit));
  }

  pastChanges(before: number | undefined, limit: number): Promise<Change[]> {
    return this.#read((database) => changesBefore(database, before, limit));
  }

  accountHistory(accountId: string, after: number, limit: number): Promise<AccountRevision[]> {
    return this.#read((database) => accountHistory(database, accountId, after, limit));
  }

  history(of: HistoryOf): Promise<DocumentHistory> {
    return this.#read((database) => documentHistory(database, of));
  }

  documentOwners(of: DocumentOwnersOf): Promise<DocumentOwners> {
    return this.#read((database) => documentOwners(database, of));
  }

  follow(wake: () => void): () => void {
    return this.#commits.followers.add(wake);
  }

  writeObstacle(): string | undefined {
    return this.#watch.obstacle;
  }

  async probeWrites(): Promise<string | undefined> {
    if (this.#closing !== undefined) return this.#closed().message;
    if (performance.now() - this.#probedAt > PROBE_EVERY_MS) {
      this.#probedAt = performance.now();
      this.#probing = this.#commits.enqueue(probe(this.#commits.failedCharacters));
    }
    await this.#probing;
    return this.#watch.obstacle;
  }

  rootId(): Promise<string | undefined> {
    return this.#read((database) => database.get("root"));
  }

  async commit(commit: Commit): Promise<CommitOutcome> {
    if (this.#closing !== undefined) return notApplied(this.#closed());
    const { write, operation } = commit;
    const text = write.on === "document" ? documentText(write) : undefined;
    const outcome = await this.#commits.enqueue({
      characters: text?.length ?? 0,
      decide: (database) => decide(database, commit, text, { earliest: this.#earliest, ...this.#settings }),
      isThere: (database, decided) =>
        decided.outcome === "done" && sameVersion(operationVersion(database, operation), decided.version),
    });
    if (write.kind === "DELETE") this.#removal.start();
    return outcome;
  }

  operation(id: string): Promise<EarlierOperation | undefined> {
    return this.#read((database) => namedOperation(database, id, this.#settings.now()));
  }

  async secret(): Promise<string | undefined> {
    const known = await this.#read(secretOf);
    if (known !== undefined) return known;
    const written = await this.#commits.enqueue(secretWork(makeSecret()));
    return typeof written === "string" ? written : undefined;
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  /**
   * Reads are synchronous, so that all of one call see one snapshot: LMDB keeps its read transaction for the turn.
   * A commit whose last write failed makes every call fail until the environment has been opened anew; that is a matter
   * of milliseconds, so a read waits for it.
   */
  async #read<T>(take: (database: Database) => T): Promise<T> {
    if (this.#closing !== undefined) throw this.#closed();
    const { current } = this.#open;
    try {
      if (current !== undefined) return take(current);
    } catch (error) {
      if (error instanceof StrataError) throw error;
    }
    try {
      return take(await within(ANSWER_WITHIN_MS, this.#recovered()));
    } catch (error) {
      throw error instanceof StrataError ? error : unusable(this.#settings.folder, error);
    }
  }

  async #recovered(): Promise<Database> {
    await this.#commits.transactionOver();
    if (this.#closing !== undefined) throw this.#closed();
    return this.#open.current ?? (await this.#open.renewed());
  }

  /** A transaction that hangs is left alone: to close the environment under it would hang this thread as well. */
  async #finish(): Promise<void> {
    this.#watch.close();
    this.#removal.end();
    try {
      await within(2 * ANSWER_WITHIN_MS, Promise.all([this.#commits.idle(), this.#open.settled()]));
    } catch {
      return;
    }
    await this.#open.close();
    await this.#lock.release();
  }

  #closed(): StrataError {
    return new StrataError("STORE_UNAVAILABLE", `The store in ${this.#settings.folder} is closed.`);
  }
}
