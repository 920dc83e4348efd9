import fc from "fast-check";
import { test } from "vitest";

/** How many generated cases a law has to stand. */
export const LAW_RUNS = Number(process.env.LAW_RUNS ?? 100_000);
/** Set LAW_SEED to the number a run printed, and the same cases come again. */
const SEED = Number(process.env.LAW_SEED ?? Date.now() % 2_147_483_647);

/** A property that must hold for every generated case; `predicate` throws or returns false where it does not. */
export function law<T>(
  name: string,
  arbitrary: fc.Arbitrary<T>,
  predicate: (value: T) => boolean | undefined,
  runs = LAW_RUNS,
): void {
  test(name, () => {
    console.log(`${name}: ${runs} cases, LAW_SEED=${SEED}`);
    fc.assert(
      fc.property(arbitrary, (value) => predicate(value) !== false),
      { numRuns: runs, seed: SEED },
    );
  }, 3_600_000);
}
