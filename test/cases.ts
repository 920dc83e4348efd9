const TIMES = Number(process.env.LAW_TIMES ?? 1);

/** Set LAW_SEED to the number a run printed, and the same cases come again. */
export const SEED = Number(process.env.LAW_SEED ?? Date.now() % 2 ** 31);

/**
 * How many generated cases a law has to stand.
 * @param usual in a usual run. LAW_TIMES=5 makes five times as many everywhere, LAW_TIMES=0.02 is a quick look.
 */
export function cases(usual: number): number {
  return Math.max(1, Math.round(usual * TIMES));
}
