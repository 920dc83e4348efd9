import { StrataError } from "../../domain/errors.js";
import { CommitFollowers } from "../commit-followers.js";
import { commitErrorOf, isLackOfSpace, unusable } from "./folder/lmdb-errors.js";
import { dataFile, withFile } from "./folder/lmdb-files.js";
import type { LmdbWatch } from "./folder/lmdb-watch.js";
import { BATCH_COMMITS, type RenewableDatabase } from "./folder/renewable-database.js";
import { forgetOperations } from "./lmdb-operations.js";
import type { Retention } from "./lmdb-records.js";
import { type Failed, notApplied, Ticket, type Waiting, type Work } from "./lmdb-ticket.js";

/** Keeps a turn of the event loop short: so much text, or `BATCH_COMMITS`, per transaction. */
const BATCH_CHARACTERS = 4 * 2 ** 20;
/** Leaves room for the answer to travel within the two seconds that the port promises. */
export const ANSWER_WITHIN_MS = 1_900;

/** Commits on their way to the disk: many in one transaction, one transaction at a time. */
export class LmdbCommitQueue {
  readonly followers = new CommitFollowers();
  #waiting = new Set<Waiting>();
  /** So many commits go into a transaction each of their own: one of them made a transaction throw. */
  #suspects = 0;
  #draining: Promise<void> | undefined;
  #flight: Promise<void> | undefined;
  /** How much text the last write had that failed: less may fit where that does not. */
  #failedCharacters = 0;

  constructor(
    private readonly open: RenewableDatabase,
    private readonly watch: LmdbWatch,
    private readonly settings: Retention & { readonly folder: string },
  ) {}

  get failedCharacters(): number {
    return this.#failedCharacters;
  }

  /** Settles when the transaction that is being written is over. */
  async transactionOver(): Promise<void> {
    await this.#flight;
  }

  /** Settles when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#draining;
  }

  /** Settles once the work is on disk or has failed, within the time that the port promises. Never rejects. */
  enqueue<T>(work: Work<T>): Promise<T | Failed> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#expire(ticket), ANSWER_WITHIN_MS);
      const ticket = new Ticket(work, (outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      });
      this.#waiting.add(ticket);
      this.#draining ??= this.#drain();
    });
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
    const loss = this.watch.loss();
    if (loss !== undefined) return this.#refuse(this.#takeBatch(), notApplied(loss));
    try {
      const database = this.open.current ?? (await this.open.renewed());
      await database.childTransaction(() => {
        batch = this.#takeBatch();
        forgetOperations(database, this.settings.now(), batch.length);
        for (const ticket of batch) ticket.decide(database);
        written = true;
      });
      database.resetReadTxn();
      this.open.noteOnDisk();
      const lost = this.watch.loss();
      if (lost !== undefined) return this.#refuse(batch, { outcome: "unknown", cause: lost });
      this.#failedCharacters = 0;
      this.watch.succeeded();
      for (const ticket of batch) ticket.finish();
      this.followers.tell();
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
    await this.open.renewed().catch(() => {
      // The next call tries again, and says what it finds.
    });
    const isKnown =
      !written || isLackOfSpace(cause) || (this.open.current !== undefined && (await this.#syncs()));
    const error = unusable(this.settings.folder, cause);
    const outcome: Failed = isKnown ? notApplied(error) : { outcome: "unknown", cause: error };
    this.watch.failed(error);
    this.#failedCharacters = batch.reduce((sum, { characters }) => sum + characters, 0);
    for (const ticket of batch) ticket.fail(outcome, this.open.current);
    this.followers.tell();
  }

  /** LMDB has taken back what it could: true when the disk has taken that. */
  async #syncs(): Promise<boolean> {
    try {
      await withFile(dataFile(this.settings.folder), "r+", (file) => file.datasync());
      return true;
    } catch {
      return false;
    }
  }

  #expire(ticket: Waiting): void {
    const error = new StrataError(
      "STORE_UNAVAILABLE",
      `The disk of the store folder ${this.settings.folder} did not answer within ${ANSWER_WITHIN_MS} ms.`,
    );
    this.watch.failed(error);
    const outcome: Failed = this.#waiting.delete(ticket)
      ? notApplied(error)
      : { outcome: "unknown", cause: error };
    ticket.fail(outcome, undefined);
  }
}
