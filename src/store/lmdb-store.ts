import { resolve } from "node:path";
import { StrataError } from "../domain/errors.js";
import type { FolderLock } from "./folder-lock.js";
import { descendantsOf, lineageOf } from "./lmdb-accounts.js";
import type { Database } from "./lmdb-database.js";
import { MAP_SIZE_BYTES, openDatabase, openFolder } from "./lmdb-environment.js";
import { commitErrorOf, isLackOfSpace, unusable } from "./lmdb-errors.js";
import { dataFile, withFile } from "./lmdb-files.js";
import {
  changesAfter,
  configsOf,
  decide,
  documentOf,
  forgetOperations,
  operationVersion,
  type Retention,
  revisionsOf,
  sequenceOf,
  treeOf,
} from "./lmdb-records.js";
import {
  type AccountRecord,
  type Changes,
  type Commit,
  type CommitOutcome,
  type Descendants,
  type DescendantsOf,
  type DocumentKey,
  type Documents,
  type LayerBodies,
  type Lineages,
  type Revisions,
  type Store,
  type StoredConfigs,
  sameVersion,
  type VersionsOf,
} from "./store.js";
import { within } from "./within.js";

export interface LmdbStoreOptions extends Partial<Retention> {
  /** Made when it is not there. Everything in it is the store's own. */
  readonly folder: string;
  /** Address space reserved for the data file: neither memory nor disk. The file may grow beyond it. */
  readonly mapSizeBytes?: number;
}

type Settings = Required<LmdbStoreOptions>;

const DEFAULTS = { mapSizeBytes: MAP_SIZE_BYTES, feedEntries: 1_000_000, now: Date.now };
/** Keeps a turn of the event loop short: so many commits, or so much text, per transaction. */
const BATCH_COMMITS = 256;
const BATCH_CHARACTERS = 4 * 2 ** 20;
/** Leaves room for the answer to travel within the two seconds that the port promises. */
const ANSWER_WITHIN_MS = 1_900;
const RETRY_OPENING_AFTER_MS = 250;

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

/** A commit on its way. It waits until a transaction takes it, or until its time is up. */
interface Ticket {
  readonly commit: Commit;
  /** The override's JSON text as of the call. */
  readonly text: string | undefined;
  readonly answer: (outcome: CommitOutcome) => void;
  /** What the transaction made of it; no answer before the transaction is on disk. */
  decided: CommitOutcome | undefined;
}

class LmdbStore implements Store {
  readonly #settings: Settings;
  readonly #lock: FolderLock;
  #database: Database | undefined;
  /** The highest sequence known to be on disk. */
  #onDisk: number;
  #waiting = new Set<Ticket>();
  /** So many commits go into a transaction each of their own: one of them made a transaction throw. */
  #suspects = 0;
  #draining: Promise<void> | undefined;
  #flight: Promise<void> | undefined;
  #renewing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** Up to here two commits may have had the same sequence: one that was seen and is gone, and one after it. */
  #doubtful = -1;

  constructor(settings: Settings, lock: FolderLock, database: Database) {
    this.#settings = settings;
    this.#lock = lock;
    this.#database = database;
    this.#onDisk = sequenceOf(database);
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

  getMany(keys: readonly DocumentKey[]): Promise<Documents> {
    return this.#read((database) => ({
      tree: treeOf(database),
      documents: keys.map((key) => documentOf(database, key)),
    }));
  }

  revisions(of: VersionsOf): Promise<Revisions> {
    return this.#read((database) => revisionsOf(database, of));
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

  writeObstacle(): undefined {
    return undefined;
  }

  rootId(): Promise<string | undefined> {
    return this.#read((database) => database.get("root"));
  }

  commit(commit: Commit): Promise<CommitOutcome> {
    const { write } = commit;
    const text =
      write.on === "document" && write.override !== undefined ? JSON.stringify(write.override) : undefined;
    return new Promise((resolve) => {
      if (this.#closing !== undefined) return resolve(notApplied(this.#closed()));
      const timer = setTimeout(() => this.#expire(ticket), ANSWER_WITHIN_MS);
      const answer = (outcome: CommitOutcome) => {
        clearTimeout(timer);
        resolve(outcome);
      };
      const ticket: Ticket = { commit, text, answer, decided: undefined };
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
    let batch: Ticket[] = [];
    let written = false;
    try {
      if (this.#database === undefined) await this.#renew();
      const database = this.#opened();
      await database.childTransaction(() => {
        batch = this.#takeBatch();
        forgetOperations(database, this.#settings.now(), batch.length);
        for (const ticket of batch)
          ticket.decided = decide(database, ticket.commit, ticket.text, this.#settings);
        written = true;
      });
      database.resetReadTxn();
      this.#onDisk = sequenceOf(database);
      for (const ticket of batch) if (ticket.decided !== undefined) ticket.answer(ticket.decided);
    } catch (error) {
      const cause = await commitErrorOf(error);
      if (!written && batch.length > 1) this.#putBack(batch);
      else await this.#fail(batch.length > 0 ? batch : this.#takeBatch(), written, cause);
    }
  }

  #takeBatch(): Ticket[] {
    const batch: Ticket[] = [];
    let characters = 0;
    const most = this.#suspects > 0 ? 1 : BATCH_COMMITS;
    if (this.#suspects > 0) this.#suspects--;
    for (const ticket of this.#waiting) {
      if (batch.length === most || characters > BATCH_CHARACTERS) break;
      this.#waiting.delete(ticket);
      batch.push(ticket);
      characters += ticket.text?.length ?? 0;
    }
    return batch;
  }

  /** A transaction that threw wrote nothing. Its commits go again one by one, so that none falls with another. */
  #putBack(batch: readonly Ticket[]): void {
    for (const ticket of batch) ticket.decided = undefined;
    this.#waiting = new Set([...batch, ...this.#waiting]);
    this.#suspects = batch.length;
  }

  /**
   * After a failed commit LMDB's own state is not to be trusted (its next transaction can block for ever), so the
   * environment is opened anew before anything else happens. What it shows then is what counts, once that is on disk:
   * the very last write of a commit may have failed and be there all the same. As long as the disk does not say that
   * it has it, the outcome is unknown, except for lack of space, which shows before that last write.
   */
  async #fail(batch: readonly Ticket[], written: boolean, cause: Error): Promise<void> {
    await this.#renew().catch(() => {
      // The next call tries again, and says what it finds.
    });
    const isKnown =
      !written || isLackOfSpace(cause) || (this.#database !== undefined && (await this.#syncs()));
    const error = unusable(this.#settings.folder, cause);
    const outcome: CommitOutcome = isKnown ? notApplied(error) : { outcome: "unknown", cause: error };
    for (const ticket of batch) ticket.answer(this.#standing(ticket) ?? outcome);
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

  /** What is to be seen on disk is done: a commit from before that was sent again, or one that had only seemed to fail. */
  #standing({ commit, decided }: Ticket): CommitOutcome | undefined {
    if (decided?.outcome !== "done" || this.#database === undefined) return undefined;
    const version = operationVersion(this.#database, commit.operation.id);
    return sameVersion(version, decided.version) ? decided : undefined;
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

  #expire(ticket: Ticket): void {
    const error = new StrataError(
      "STORE_UNAVAILABLE",
      `The disk of the store folder ${this.#settings.folder} did not answer within ${ANSWER_WITHIN_MS} ms.`,
    );
    ticket.answer(this.#waiting.delete(ticket) ? notApplied(error) : { outcome: "unknown", cause: error });
  }

  /** A transaction that hangs is left alone: to close the environment under it would hang this thread as well. */
  async #finish(): Promise<void> {
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

function notApplied(cause: Error): CommitOutcome {
  return { outcome: "notApplied", cause };
}
