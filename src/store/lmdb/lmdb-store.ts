import { resolve } from "node:path";
import { StrataError } from "../../domain/errors.js";
import {
  type AccountRecord,
  type AccountRevision,
  type Changes,
  type Commit,
  type CommitOutcome,
  type Descendants,
  type DescendantsOf,
  type DocumentKey,
  type DocumentOwners,
  type DocumentOwnersOf,
  type LayerBodies,
  type Lineages,
  type Store,
  type StoredConfigs,
  sameVersion,
  type Versions,
  type VersionsOf,
} from "../store.js";
import type { StoreNotice } from "../store-notice.js";
import { within } from "../within.js";
import type { FolderLock } from "./folder-lock.js";
import { accountHistory } from "./lmdb-account-history.js";
import { descendantsOf, lineageOf } from "./lmdb-accounts.js";
import type { Database } from "./lmdb-database.js";
import { MAP_SIZE_BYTES, openDatabase, openFolder } from "./lmdb-environment.js";
import { commitErrorOf, isLackOfSpace, unusable } from "./lmdb-errors.js";
import { dataFile, withFile } from "./lmdb-files.js";
import { documentOwners } from "./lmdb-index.js";
import {
  changesAfter,
  configsOf,
  decide,
  forgetOperations,
  operationVersion,
  type Retention,
  sequenceOf,
  treeOf,
  versionsOf,
} from "./lmdb-records.js";
import { type Failed, notApplied, probe, Ticket, type Waiting, type Work } from "./lmdb-ticket.js";
import { LmdbWatch } from "./lmdb-watch.js";

export interface LmdbStoreOptions extends Partial<Retention> {
  /** Made when it is not there. Everything in it is the store's own. */
  readonly folder: string;
  /** Address space reserved for the data file: neither memory nor disk. The file may grow beyond it. */
  readonly mapSizeBytes?: number;
  readonly onNotice?: (notice: StoreNotice) => void;
  readonly readerCheckMs?: number;
}

type Settings = Required<LmdbStoreOptions>;

const DEFAULTS = {
  mapSizeBytes: MAP_SIZE_BYTES,
  feedEntries: 1_000_000,
  now: Date.now,
  onNotice: (_notice: StoreNotice): void => {},
  readerCheckMs: 60_000,
};
/** Keeps a turn of the event loop short: so many commits, or so much text, per transaction. */
const BATCH_COMMITS = 256;
const BATCH_CHARACTERS = 4 * 2 ** 20;
/** Leaves room for the answer to travel within the two seconds that the port promises. */
const ANSWER_WITHIN_MS = 1_900;
const RETRY_OPENING_AFTER_MS = 250;
const PROBE_EVERY_MS = 1_000;

/**
 * The store in one LMDB environment: for one process, on disk before the answer.
 *
 * @throws StrataError STORE_UNAVAILABLE naming the folder, the reason and what to do
 */
export async function openLmdbStore(options: LmdbStoreOptions): Promise<Store> {
  const settings: Settings = { ...DEFAULTS, ...options, folder: resolve(options.folder) };
  const { lock, database } = await openFolder(settings, "serve");
  return new LmdbStore(settings, lock, database);
}

class LmdbStore implements Store {
  readonly #settings: Settings;
  readonly #lock: FolderLock;
  readonly #watch: LmdbWatch;
  #database: Database | undefined;
  /** The highest sequence known to be on disk. */
  #onDisk: number;
  #waiting = new Set<Waiting>();
  /** So many commits go into a transaction each of their own: one of them made a transaction throw. */
  #suspects = 0;
  #draining: Promise<void> | undefined;
  #flight: Promise<void> | undefined;
  #renewing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #probing: Promise<unknown> | undefined;
  /** On the clock of `performance.now()`. */
  #probedAt = Number.NEGATIVE_INFINITY;
  /** How much text the last write had that failed: less may fit where that does not. */
  #failedCharacters = 0;
  /** Up to here two commits may have had the same sequence: one that was seen and is gone, and one after it. */
  #doubtful = -1;

  constructor(settings: Settings, lock: FolderLock, database: Database) {
    this.#settings = settings;
    this.#lock = lock;
    this.#database = database;
    this.#onDisk = sequenceOf(database);
    this.#watch = new LmdbWatch({ ...settings, database: () => this.#database });
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

  versions(of: VersionsOf): Promise<Versions> {
    return this.#read((database) => versionsOf(database, of));
  }

  isStillAt(sequence: number): boolean {
    if (this.#closing !== undefined || this.#database === undefined || sequence <= this.#doubtful)
      return false;
    try {
      return sequenceOf(this.#database) === sequence;
    } catch {
      return false;
    }
  }

  changes(after: number, limit: number): Promise<Changes> {
    return this.#read((database) => changesAfter(database, after, limit));
  }

  accountHistory(accountId: string, after: number, limit: number): Promise<AccountRevision[]> {
    return this.#read((database) => accountHistory(database, accountId, after, limit));
  }

  documentOwners(of: DocumentOwnersOf): Promise<DocumentOwners> {
    return this.#read((database) => documentOwners(database, of));
  }

  writeObstacle(): string | undefined {
    return this.#watch.obstacle;
  }

  async probeWrites(): Promise<string | undefined> {
    if (this.#closing !== undefined) return this.#closed().message;
    if (performance.now() - this.#probedAt > PROBE_EVERY_MS) {
      this.#probedAt = performance.now();
      this.#probing = this.#enqueue(probe(this.#failedCharacters));
    }
    await this.#probing;
    return this.#watch.obstacle;
  }

  rootId(): Promise<string | undefined> {
    return this.#read((database) => database.get("root"));
  }

  commit(commit: Commit): Promise<CommitOutcome> {
    const { write, operation } = commit;
    const text =
      write.on === "document" && write.override !== undefined ? JSON.stringify(write.override) : undefined;
    return this.#enqueue({
      characters: text?.length ?? 0,
      decide: (database) => decide(database, commit, text, this.#settings),
      isThere: (database, decided) =>
        decided.outcome === "done" && sameVersion(operationVersion(database, operation.id), decided.version),
    });
  }

  #enqueue<T>(work: Work<T>): Promise<T | Failed> {
    return new Promise((resolve) => {
      if (this.#closing !== undefined) return resolve(notApplied(this.#closed()));
      const timer = setTimeout(() => this.#expire(ticket), ANSWER_WITHIN_MS);
      const ticket = new Ticket(work, (outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      });
      this.#waiting.add(ticket);
      this.#draining ??= this.#drain();
    });
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
    try {
      if (this.#database !== undefined) return take(this.#database);
    } catch (error) {
      if (error instanceof StrataError) throw error;
    }
    try {
      await within(ANSWER_WITHIN_MS, this.#recovered());
      return take(this.#opened());
    } catch (error) {
      throw error instanceof StrataError ? error : unusable(this.#settings.folder, error);
    }
  }

  async #recovered(): Promise<void> {
    await this.#flight;
    if (this.#closing !== undefined) throw this.#closed();
    if (this.#database === undefined) await this.#renew();
  }

  #opened(): Database {
    if (this.#database === undefined) throw this.#closed();
    return this.#database;
  }

  /** One transaction at a time: what arrives while one is being written goes together into the next. */
  async #drain(): Promise<void> {
    while (this.#waiting.size > 0) {
      this.#flight = this.#apply();
      await this.#flight;
    }
    this.#draining = undefined;
  }

  /**
   * A child transaction, for it alone rolls back when something throws. Before its end nothing is on disk; what fails
   * after it fails in the commit proper, of which LMDB does not tell how far it came.
   */
  async #apply(): Promise<void> {
    let batch: Waiting[] = [];
    let written = false;
    const loss = this.#watch.loss();
    if (loss !== undefined) return this.#refuse(this.#takeBatch(), notApplied(loss));
    try {
      if (this.#database === undefined) await this.#renew();
      const database = this.#opened();
      await database.childTransaction(() => {
        batch = this.#takeBatch();
        forgetOperations(database, this.#settings.now(), batch.length);
        for (const ticket of batch) ticket.decide(database);
        written = true;
      });
      database.resetReadTxn();
      this.#onDisk = sequenceOf(database);
      const lost = this.#watch.loss();
      if (lost !== undefined) return this.#refuse(batch, { outcome: "unknown", cause: lost });
      this.#failedCharacters = 0;
      this.#watch.succeeded();
      for (const ticket of batch) ticket.finish();
    } catch (error) {
      const cause = await commitErrorOf(error);
      if (!written && batch.length > 1) this.#putBack(batch);
      else await this.#fail(batch.length > 0 ? batch : this.#takeBatch(), written, cause);
    }
  }

  #refuse(batch: readonly Waiting[], outcome: Failed): void {
    for (const ticket of batch) ticket.fail(outcome, undefined);
  }

  #takeBatch(): Waiting[] {
    const batch: Waiting[] = [];
    let characters = 0;
    const most = this.#suspects > 0 ? 1 : BATCH_COMMITS;
    if (this.#suspects > 0) this.#suspects--;
    for (const ticket of this.#waiting) {
      if (batch.length === most || characters > BATCH_CHARACTERS) break;
      this.#waiting.delete(ticket);
      batch.push(ticket);
      characters += ticket.characters;
    }
    return batch;
  }

  /** A transaction that threw wrote nothing. Its commits go again one by one, so that none falls with another. */
  #putBack(batch: readonly Waiting[]): void {
    for (const ticket of batch) ticket.takeBack();
    this.#waiting = new Set([...batch, ...this.#waiting]);
    this.#suspects = batch.length;
  }

  /**
   * After a failed commit LMDB's own state is not to be trusted (its next transaction can block for ever), so the
   * environment is opened anew before anything else happens. What it shows then is what counts, once that is on disk:
   * the very last write of a commit may have failed and be there all the same. As long as the disk does not say that
   * it has it, the outcome is unknown, except for lack of space, which shows before that last write.
   */
  async #fail(batch: readonly Waiting[], written: boolean, cause: Error): Promise<void> {
    await this.#renew().catch(() => {
      // The next call tries again, and says what it finds.
    });
    const isKnown =
      !written || isLackOfSpace(cause) || (this.#database !== undefined && (await this.#syncs()));
    const error = unusable(this.#settings.folder, cause);
    const outcome: Failed = isKnown ? notApplied(error) : { outcome: "unknown", cause: error };
    this.#watch.failed(error);
    this.#failedCharacters = batch.reduce((sum, { characters }) => sum + characters, 0);
    for (const ticket of batch) ticket.fail(outcome, this.#database);
  }

  /** LMDB has taken back what it could: true when the disk has taken that. */
  async #syncs(): Promise<boolean> {
    try {
      await withFile(dataFile(this.#settings.folder), "r+", (file) => file.datasync());
      return true;
    } catch {
      return false;
    }
  }

  #renew(): Promise<void> {
    this.#renewing ??= this.#openAnew().then(
      () => {
        this.#renewing = undefined;
      },
      (error) => {
        setTimeout(() => {
          this.#renewing = undefined;
        }, RETRY_OPENING_AFTER_MS).unref();
        throw error;
      },
    );
    return this.#renewing;
  }

  /** A commit that failed on disk may be visible all the same: it is not shown before a later one has carried it there. */
  async #openAnew(): Promise<void> {
    const old = this.#database;
    this.#database = undefined;
    await old?.close();
    // What has the name now may be another store, or none.
    const loss = this.#watch.loss();
    if (loss !== undefined) throw loss;
    const database = openDatabase(this.#settings);
    try {
      const found = sequenceOf(database);
      if (found > this.#onDisk) await database.childTransaction(() => database.put("settled", String(found)));
      this.#onDisk = found;
      this.#doubtful = found + BATCH_COMMITS;
    } catch (error) {
      const cause = await commitErrorOf(error);
      await database.close();
      throw cause;
    }
    this.#database = database;
  }

  #expire(ticket: Waiting): void {
    const error = new StrataError(
      "STORE_UNAVAILABLE",
      `The disk of the store folder ${this.#settings.folder} did not answer within ${ANSWER_WITHIN_MS} ms.`,
    );
    this.#watch.failed(error);
    const outcome: Failed = this.#waiting.delete(ticket)
      ? notApplied(error)
      : { outcome: "unknown", cause: error };
    ticket.fail(outcome, undefined);
  }

  /** A transaction that hangs is left alone: to close the environment under it would hang this thread as well. */
  async #finish(): Promise<void> {
    this.#watch.close();
    try {
      await within(2 * ANSWER_WITHIN_MS, Promise.all([this.#draining, this.#renewing?.catch(() => {})]));
    } catch {
      return;
    }
    const database = this.#database;
    this.#database = undefined;
    await database?.close();
    await this.#lock.release();
  }

  #closed(): StrataError {
    return new StrataError("STORE_UNAVAILABLE", `The store in ${this.#settings.folder} is closed.`);
  }
}
