import { setTimeout as pause } from "node:timers/promises";
import { StrataError } from "../../domain/errors.js";
import type { Commit, CommitOutcome, Committed, Store } from "../../store/store.js";
import type { RequestJournal } from "../request-journal.js";

export interface CommitDependencies {
  readonly store: Store;
  readonly now: () => Date;
  /** Makes ids that nobody can guess. */
  readonly newId: () => string;
  /** Of the request that writes; absent where nobody reads it. */
  readonly journal?: RequestJournal;
  /** For those who have more time than a request. */
  readonly deadlineMs?: number;
}

/** Either the answer, for which nothing has to be written, or what is to be written and the answer once it is. */
export type Attempt<T> = { readonly answer: T } | DecidedCommit<T>;

interface DecidedCommit<T> {
  readonly commit: Commit;
  readonly done: (made: Committed) => T;
  /** Whether what the store cannot check still holds, such as the schemas in force. Absent: there is no such thing. */
  readonly isStillRight?: () => boolean;
}

/** By when a write is over, its wait for those before it included. */
const WRITE_WITHIN_MS = 2_000;
/** Before a commit is sent again: a store that says at once that it cannot would otherwise leave nobody else a turn. */
const PAUSE_MS = 25;
/** The part of it in which a lost race is decided again: what is sent last needs time to be answered. */
const DECIDE_SHARE = 0.75;

/**
 * Reads, decides and commits (`attempt`); when something it was decided on has changed meanwhile, all over again. A
 * commit whose outcome is not known is sent again under the same operation id, which does it at most once.
 * @throws StrataError STORE_UNAVAILABLE when nothing was written, WRITE_OUTCOME_UNKNOWN when nobody can tell
 */
export async function commitUntilDone<T>(
  { store, deadlineMs = WRITE_WITHIN_MS }: CommitDependencies,
  attempt: () => Promise<Attempt<T>>,
  startedAt = performance.now(),
): Promise<T> {
  const deadline = startedAt + deadlineMs;
  for (;;) {
    const next = await inTime(attempt(), deadline, () => {
      throw new StrataError(
        "STORE_UNAVAILABLE",
        "Nothing was written: the store did not answer in time. Try again.",
      );
    });
    if ("answer" in next) return next.answer;
    const made = await commitOnce(store, next, deadline);
    if (made !== undefined) return next.done(made);
    if (performance.now() > startedAt + deadlineMs * DECIDE_SHARE) {
      throw new StrataError(
        "STORE_UNAVAILABLE",
        "Nothing was written: others kept changing what it rests on. Try again.",
      );
    }
  }
}

/** What was made; undefined when it has to be decided again: what the commit expected no longer holds, or another did it. */
async function commitOnce(
  store: Store,
  { commit, isStillRight = () => true }: DecidedCommit<unknown>,
  deadline: number,
): Promise<Committed | undefined> {
  let uncertain: Error | undefined;
  for (;;) {
    // Nothing is awaited between this check and the commit.
    if (!isStillRight()) {
      if (uncertain === undefined) return undefined;
      break;
    }
    const outcome = await inTime(store.commit(commit), deadline, unheard);
    const { memo } = commit.operation;
    switch (outcome.outcome) {
      case "done":
        // Another request did it, under the same name and at the same time: the next attempt finds what it did.
        return outcome.replayed && outcome.memo !== memo ? undefined : outcome;
      case "conflict":
        return undefined;
      case "operationsFull":
        throw noRoom(outcome.retryAfter);
      case "operationReused":
        if (memo !== undefined) return undefined;
        throw new StrataError("INTERNAL_SERVER_ERROR", "An operation id was made twice.");
      case "notApplied":
        // Of the attempt before this one nobody has heard: it may still be on its way to the disk.
        if (uncertain !== undefined) break;
        throw new StrataError("STORE_UNAVAILABLE", "Nothing was written: the store could not take it.", {
          cause: outcome.cause,
        });
      case "unknown":
        uncertain = outcome.cause;
    }
    if (performance.now() + PAUSE_MS > deadline) break;
    await pause(PAUSE_MS);
  }
  throw new StrataError(
    "WRITE_OUTCOME_UNKNOWN",
    "The store did not answer in time: the write may or may not have happened. Send it again with the same operationId; if it had none, read again what it was to change, and use ifMatch.",
    { cause: uncertain },
  );
}

function noRoom(retryAfter: number): StrataError {
  return new StrataError(
    "RATE_LIMITED",
    `Nothing was written: too many operationIds were used within a day. Send the write without one, or again in ${retryAfter} s.`,
    { retryAfter },
  );
}

/** Nobody waits any more for the outcome of a commit that is still under way. */
function unheard(): CommitOutcome {
  return { outcome: "unknown", cause: new Error("the time for the write was up") };
}

/** The store gives each of its calls as much time as all of them together have. */
async function inTime<T>(work: Promise<T>, deadline: number, late: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<T>((resolve, reject) => {
    const end = () => {
      try {
        resolve(late());
      } catch (error) {
        reject(error);
      }
    };
    timer = setTimeout(() => setImmediate(end), Math.max(0, deadline - performance.now()));
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
