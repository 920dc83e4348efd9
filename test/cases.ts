/** A usual run does a quarter of what a law is written for: every run has other cases. */
const TIMES = Number(process.env.LAW_TIMES ?? 0.25);

/** Set LAW_SEED to the number a run printed, and the same cases come again. */
export const SEED = Number(process.env.LAW_SEED ?? Date.now() % 2 ** 31);

/** `npm run test:long`: every law at its whole length. */
const IS_LONG = process.env.STRATA_TEST_LONG === "1";

/**
 * How many generated cases a law has to stand.
 * @param whole with LAW_TIMES=1. LAW_TIMES=5 makes five times as many everywhere, LAW_TIMES=0.02 is a quick look.
 * @param long at least so many in a long run, where a usual run tries only a sample
 */
export function cases(whole: number, long = 1): number {
  return Math.max(1, Math.round(whole * TIMES), IS_LONG ? long : 1);
}
