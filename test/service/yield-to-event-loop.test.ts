import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { afterYield, yieldInBackground, yieldToEventLoop } from "../../src/service/yield-to-event-loop.js";

const PIECES = 20;

function workFor(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** How many turns the event loop takes until some work is done. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let timer = setImmediate(function count() {
    turns++;
    timer = setImmediate(count);
  });
  await work();
  clearImmediate(timer);
  return turns;
}

describe("pieces of work", () => {
  test("that take long leave others a turn between them, in their order", async () => {
    const done: number[] = [];
    const pieces = () =>
      Array.from({ length: PIECES }, (_, i) =>
        afterYield(() => {
          workFor(10);
          done.push(i);
        }),
      );
    expect(await turnsDuring(() => Promise.all(pieces()))).toBeGreaterThanOrEqual(PIECES - 1);
    expect(done).toEqual(Array.from({ length: PIECES }, (_, i) => i));
  });

  test("one after the other leave others a turn, too", async () => {
    const turns = await turnsDuring(async () => {
      for (let i = 0; i < PIECES; i++) {
        await yieldToEventLoop();
        workFor(10);
      }
    });
    expect(turns).toBeGreaterThanOrEqual(PIECES - 1);
  });

  test("that take no time are done at once", async () => {
    await new Promise((resolve) => setImmediate(resolve));
    expect([1, 2, 3].map((i) => afterYield(() => i))).toEqual([1, 2, 3]);
  });

  test("that fail, fail whoever asked for them and nobody else", async () => {
    const pieces = [1, 2, 3].map(async (i) =>
      afterYield(() => {
        workFor(10);
        if (i === 2) throw new Error("two");
        return i;
      }),
    );
    expect((await Promise.allSettled(pieces)).map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
  });
});

describe("pieces of work in the background", () => {
  const inBackground = async (pieces: number, milliseconds: number, done: (piece: number) => void) => {
    for (let i = 0; i < pieces; i++) {
      await yieldInBackground();
      workFor(milliseconds);
      done(i);
    }
  };

  test("take shorter slices: others have a turn four times in a millisecond", async () => {
    expect(await turnsDuring(() => inBackground(PIECES, 2, () => {}))).toBeGreaterThanOrEqual(PIECES - 1);
    expect(await turnsDuring(() => inBackground(PIECES * 4, 0.15, () => {}))).toBeGreaterThanOrEqual(PIECES);
  });

  test("begin where nothing is being received: what was asked for before goes out first", async () => {
    const order: string[] = [];
    await new Promise((resolve) => setTimeout(resolve, 5));
    setImmediate(() => order.push("sent"));
    await inBackground(1, 1, () => order.push("background"));
    expect(order).toEqual(["sent", "background"]);
  });

  test("have one slice of a turn, whatever comes in for them meanwhile", async () => {
    const slices: number[] = [];
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        await readFile(import.meta.filename);
        await inBackground(5, 0.5, () => slices.push(turns));
      }),
    );
    isOver = true;
    expect(new Set(slices).size).toBe(slices.length);
  });

  test("of several works share slices: none costs a turn of its own for each piece", async () => {
    const [works, pieces] = [4, 200];
    const turns = await turnsDuring(() =>
      Promise.all(Array.from({ length: works }, () => inBackground(pieces, 0.01, () => {}))),
    );
    expect(turns).toBeLessThan((works * pieces) / 2);
  });

  test("let other pieces go first, those that come later too, and have every fourth turn for themselves", async () => {
    const order: string[] = [];
    const background = inBackground(5, 3, () => order.push("background"));
    const others = Array.from({ length: 3 }, async () => {
      for (let i = 0; i < 10; i++) {
        await yieldToEventLoop();
        workFor(9);
        order.push("other");
      }
    });
    await Promise.all([background, ...others]);
    const places = order.flatMap((each, index) => (each === "background" ? [index] : []));
    expect(order).toHaveLength(35);
    // Each but the first in one of four turns.
    for (const [index, place] of places.slice(1).entries()) {
      const before = places[index] ?? 0;
      expect(place - before).toBeGreaterThanOrEqual(index === 0 ? 1 : 4);
      expect(place - before).toBeLessThanOrEqual(5);
    }
  });
});
