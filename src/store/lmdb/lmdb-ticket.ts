import type { CommitOutcome } from "../store.js";
import type { Database } from "./lmdb-database.js";

/** One piece of work for a transaction. */
export interface Work<T> {
  /** How much text it writes. */
  readonly characters: number;
  /** Inside the transaction: what becomes of it. */
  readonly decide: (database: Database) => T;
  /** Whether what was decided is to be seen in the store. */
  readonly isThere: (database: Database, decided: T) => boolean;
}

export type Failed = Extract<CommitOutcome, { outcome: "notApplied" | "unknown" }>;

/** A ticket, whatever comes of it. */
export type Waiting = Pick<Ticket<never>, "characters" | "decide" | "takeBack" | "finish" | "fail">;

/** Work on its way. It waits until a transaction takes it, or until its time is up. */
export class Ticket<T> {
  #decided: T | undefined;

  constructor(
    private readonly work: Work<T>,
    private readonly answer: (outcome: T | Failed) => void,
  ) {}

  get characters(): number {
    return this.work.characters;
  }

  /** There is no answer before the transaction is on disk. */
  decide(database: Database): void {
    this.#decided = this.work.decide(database);
  }

  takeBack(): void {
    this.#decided = undefined;
  }

  /** The transaction is on disk. */
  finish(): void {
    if (this.#decided !== undefined) this.answer(this.#decided);
  }

  /**
   * The transaction failed. What is to be seen on disk is done: a commit from before that was sent again, or one that had
   * only seemed to fail.
   */
  fail(outcome: Failed, database: Database | undefined): void {
    const decided = this.#decided;
    const isThere = database !== undefined && decided !== undefined && this.work.isThere(database, decided);
    this.answer(isThere ? decided : outcome);
  }
}

/** A write of the store's own, as large as the one that has failed. The next one gives the room back. */
export function probe(characters: number): Work<"taken"> {
  return {
    characters,
    decide: (database) => {
      database.put("probe", "-".repeat(characters));
      return "taken";
    },
    isThere: () => false,
  };
}

export function notApplied(cause: Error): Failed {
  return { outcome: "notApplied", cause };
}
