import { expect, test } from "vitest";
import { oneAhead } from "../../src/service/one-ahead.js";

/** Counts what was begun, and says whether it was ended. */
function counted(most: number) {
  const seen = { begun: 0, isEnded: false };
  async function* numbers() {
    try {
      while (seen.begun < most) yield ++seen.begun;
      throw new Error("no more");
    } finally {
      seen.isEnded = true;
    }
  }
  return { seen, numbers: numbers() };
}

test("the next item is begun before the one before it is dealt with, and no more than that", async () => {
  const { seen, numbers } = counted(5);
  const taken: number[] = [];
  const all = (async () => {
    for await (const each of oneAhead(numbers)) {
      taken.push(each);
      expect(seen.begun).toBe(Math.min(each + 1, 5));
    }
  })();
  await expect(all).rejects.toThrow("no more");
  expect(taken).toEqual([1, 2, 3, 4, 5]);
});

test("whoever stops ends the source, and hears nothing of what is still on its way", async () => {
  const { seen, numbers } = counted(1);
  for await (const each of oneAhead(numbers)) {
    expect(each).toBe(1);
    break;
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual({ begun: 1, isEnded: true });
});
