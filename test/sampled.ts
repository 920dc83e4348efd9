import fc from "fast-check";
import { SEED } from "./cases.js";

/** So many of them, chosen by the seed; all of them where there are not as many. The first and the last are always there. */
export function sampled<T>(all: readonly T[], count: number): T[] {
  const inner = all.slice(1, -1);
  const most = Math.min(inner.length, Math.max(0, count - 2));
  const some = fc.shuffledSubarray(inner, { minLength: most, maxLength: most });
  const [chosen = []] = fc.sample(some, { seed: SEED, numRuns: 1 });
  return [...all.slice(0, 1), ...chosen, ...all.slice(1).slice(-1)];
}
