import fc from "fast-check";
import { test } from "vitest";
import { cases, SEED } from "../cases.js";

/** A property that must hold for every generated case; `predicate` throws or returns false where it does not. */
export function law<T>(
  name: string,
  arbitrary: fc.Arbitrary<T>,
  predicate: (value: T) => boolean | undefined,
  runs = cases(10_000),
): void {
  test(name, () => {
    console.log(`${name}: ${runs} cases, LAW_SEED=${SEED}`);
    fc.assert(
      fc.property(arbitrary, (value) => predicate(value) !== false),
      { numRuns: runs, seed: SEED },
    );
  }, 3_600_000);
}
