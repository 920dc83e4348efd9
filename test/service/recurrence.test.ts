import { describe, expect, test } from "vitest";
import { Recurrence } from "../../src/service/recurrence.js";

const names = (count: number, prefix = "account") =>
  Array.from({ length: count }, (_, n) => `${prefix} ${n}`);

describe("what comes again", () => {
  test("is known as such, what comes for the first time hardly ever", () => {
    const recurrence = new Recurrence();
    const first = names(1_000).filter((name) => recurrence.isAgain(name));
    expect(first.length).toBeLessThan(10);
    const again = names(1_000).filter((name) => recurrence.isAgain(name));
    expect(again.length).toBeGreaterThan(800);
  });

  test("is forgotten after thousands of others", () => {
    const recurrence = new Recurrence();
    for (const name of names(100)) recurrence.isAgain(name);
    for (const name of names(100_000, "other")) recurrence.isAgain(name);
    expect(names(100).filter((name) => recurrence.isAgain(name)).length).toBeLessThan(10);
  });
});
