import { setTimeout as pause } from "node:timers/promises";
import { type ImpactWatch, untilAborted } from "./impact-watch.js";

/** How far the look at the accounts that a write would reach has come. */
export interface ImpactProgress<Result> {
  readonly done: number;
  /** How many there are, at most; exact in the last message. */
  readonly total: number;
  /** What the write would do, with its impact; of the last message alone. */
  readonly result: Result | undefined;
}

/** What a look has found. */
export interface LookedAtAll<Result> {
  /** Accounts that were looked at. */
  readonly total: number;
  readonly result: Result;
}

/** Between two messages. */
const TELL_EVERY_MS = 250;

/**
 * The progress of a look at all accounts that a dry run would reach, some times a second, and its result in the end.
 * @param signal ends the look
 * @throws as the look
 */
export async function* impactProgress<Result>(
  lookAt: (watch: ImpactWatch) => Promise<LookedAtAll<Result>>,
  signal: AbortSignal | undefined,
): AsyncGenerator<ImpactProgress<Result>> {
  let [done, total] = [0, 0];
  const watch = untilAborted(signal, (soFar, atMost) => {
    [done, total] = [soFar, atMost];
  });
  const look = lookAt(watch);
  // It may fail while nobody waits for it.
  look.catch(() => {});
  while (!(await endsWithin(look, signal))) yield { done, total, result: undefined };
  const found = await look;
  yield { done: found.total, ...found };
}

/** Whether something is over before the next message is due. @throws as the work, and where the signal is aborted */
async function endsWithin(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<boolean> {
  const ending = new AbortController();
  const signals = signal === undefined ? [ending.signal] : [ending.signal, signal];
  try {
    const due = pause(TELL_EVERY_MS, false, { signal: AbortSignal.any(signals) });
    due.catch(() => {});
    return await Promise.race([work.then(() => true), due]);
  } finally {
    ending.abort();
  }
}
