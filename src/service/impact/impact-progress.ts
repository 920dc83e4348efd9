import { setTimeout as pause } from "node:timers/promises";
import type { WriteResult } from "../write/config-write.js";
import { untilAborted } from "./impact-watch.js";

/** How far the look at the accounts that a write would reach has come. */
export interface ImpactProgress {
  readonly done: number;
  /** How many there are, at most; exact in the last message. */
  readonly total: number;
  /** What the write would do, with its impact; of the last message alone. */
  readonly result: WriteResult | undefined;
}

/** Between two messages. */
const TELL_EVERY_MS = 250;

/**
 * The progress of looking at all accounts that a dry run would reach, some times a second, and its result in the end.
 * @param signal ends the look
 * @throws StrataError as the result's `impact`
 */
export async function* impactProgress(
  result: WriteResult,
  signal: AbortSignal | undefined,
): AsyncGenerator<ImpactProgress> {
  let [done, total] = [0, 0];
  if (result.result === "written") {
    const watch = untilAborted(signal, (soFar, atMost) => {
      [done, total] = [soFar, atMost];
    });
    const look = result.impact(watch);
    // It may fail while nobody waits for it.
    look.catch(() => {});
    while (!(await endsWithin(look, signal))) yield { done, total, result: undefined };
    total = (await look)?.total ?? 0;
  }
  yield { done: total, total, result };
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
