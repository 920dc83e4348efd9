import { describe, expect, test } from "vitest";
import { AdmissionFilter } from "../../src/cache/admission-filter.js";

const MIB = 2 ** 20;
const names = (count: number, prefix = "account") =>
  Array.from({ length: count }, (_, n) => `${prefix} ${n}`);
const cache = (size: number, share: number) => ({ size, calculatedSize: share * MIB, maxSize: MIB });
const again = (recurrence: AdmissionFilter, all: readonly string[], of: ReturnType<typeof cache>) =>
  all.filter((name) => recurrence.admits(name, of)).length;

describe("what comes again", () => {
  test("is known as such, what comes for the first time hardly ever", () => {
    const recurrence = new AdmissionFilter(16 * MIB);
    expect(again(recurrence, names(1_000), cache(10, 0.1))).toBeLessThan(10);
    expect(again(recurrence, names(1_000), cache(10, 0.1))).toBeGreaterThan(900);
  });

  test("counts however long it took while there is room, and not once the cache is full", () => {
    const recurrence = new AdmissionFilter(64 * MIB);
    again(recurrence, names(100), cache(10, 0.1));
    again(recurrence, names(5_000, "other"), cache(10, 0.1));
    expect(again(recurrence, names(100), cache(10, 0.1))).toBeGreaterThan(90);
    again(recurrence, names(5_000, "third"), cache(1_000, 1));
    expect(again(recurrence, names(100), cache(1_000, 1))).toBe(0);
    expect(again(recurrence, names(100), cache(1_000, 1))).toBeGreaterThan(90);
  });

  test("is forgotten after many times as many others, so that it needs no more room", () => {
    const recurrence = new AdmissionFilter(MIB);
    again(recurrence, names(100), cache(10, 0.1));
    again(recurrence, names(100_000, "other"), cache(10, 0.1));
    expect(again(recurrence, names(100), cache(10, 0.1))).toBeLessThan(10);
  });
});
