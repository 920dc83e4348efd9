import type { StrataError } from "../../../domain/errors.js";
import type { Database } from "../lmdb-database.js";
import { sequenceOf } from "../lmdb-records.js";
import { openDatabase } from "./lmdb-environment.js";
import { commitErrorOf } from "./lmdb-errors.js";

/** Commits of one transaction, at most. */
export const BATCH_COMMITS = 256;
const RETRY_OPENING_AFTER_MS = 250;

/** The environment in use. After a failed commit it is opened anew: what LMDB holds in memory is not to be trusted then. */
export class RenewableDatabase {
  #current: Database | undefined;
  /** The highest sequence known to be on disk. */
  #onDisk: number;
  /** Up to here two commits may have had the same sequence: one that was seen and is gone, and one after it. */
  #doubtful = -1;
  #renewing: Promise<Database> | undefined;

  /** @param loss why nothing that is written now would be kept, where that is so */
  constructor(
    database: Database,
    private readonly settings: { readonly folder: string; readonly mapSizeBytes: number },
    private readonly loss: () => StrataError | undefined,
  ) {
    this.#current = database;
    this.#onDisk = sequenceOf(database);
  }

  /** Undefined while it is being opened anew, and once it is closed. */
  get current(): Database | undefined {
    return this.#current;
  }

  /** Notes that the current state is on disk. */
  noteOnDisk(): void {
    if (this.#current !== undefined) this.#onDisk = sequenceOf(this.#current);
  }

  isStillAt(sequence: number): boolean {
    if (this.#current === undefined || sequence <= this.#doubtful) return false;
    try {
      return sequenceOf(this.#current) === sequence;
    } catch {
      return false;
    }
  }

  /** Closes the environment and opens it anew; concurrent callers share one renewal. */
  renewed(): Promise<Database> {
    this.#renewing ??= this.#openAnew().then(
      (database) => {
        this.#renewing = undefined;
        return database;
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
  async #openAnew(): Promise<Database> {
    const old = this.#current;
    this.#current = undefined;
    await old?.close();
    // The files under that name may be another store by now, or gone.
    const loss = this.loss();
    if (loss !== undefined) throw loss;
    const database = openDatabase(this.settings);
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
    this.#current = database;
    return database;
  }

  /** Settles when it is not being opened any more, with whatever success. */
  async settled(): Promise<void> {
    await this.#renewing?.catch(() => {});
  }

  async close(): Promise<void> {
    const database = this.#current;
    this.#current = undefined;
    await database?.close();
  }
}
