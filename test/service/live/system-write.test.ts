import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Services, written } from "../services.js";
import { addAccounts, followEach, openGateways } from "./crowd.js";

/** It is held against the clock: for the long run, where it is alone. */
const isLong = process.env.STRATA_TEST_LONG === "1";
const PAIRS = 10_000;
const WRITES = 5;
const TOLD_MS = 5_000;

/** How many single reads, one after the other, are answered until it is told to stop. */
async function countReads(
  services: Services,
  ids: readonly string[],
  isOver: () => boolean,
): Promise<number> {
  let count = 0;
  for (; !isOver(); count++) {
    await services.read(ids[(count * 7) % ids.length], "two");
    await setImmediate();
  }
  return count;
}

/** The longest turn of the event loop: by the clock or the processor, whichever says less. */
function timeTurns(): () => number {
  let longest = 0;
  let isOver = false;
  void (async () => {
    while (!isOver) {
      const [wall, processor] = [performance.now(), process.cpuUsage()];
      await setImmediate();
      const { user, system } = process.cpuUsage(processor);
      longest = Math.max(longest, Math.min(performance.now() - wall, (user + system) / 1_000));
    }
  })();
  return () => {
    isOver = true;
    return longest;
  };
}

test.runIf(isLong)(
  "a system write that moves 10,000 subscribed configs is told to all within 5 s, while others are answered",
  async () => {
    const gateways = await openGateways();
    const [writer] = gateways;
    const ids = await addAccounts(writer, PAIRS);
    let told = 0;
    await followEach(gateways, ids, (_, { changes }) => {
      told += changes.length;
    });
    for (let number = 1; number <= WRITES; number++) {
      told = 0;
      const longestTurn = timeTurns();
      const startedAt = performance.now();
      const isOver = () => told >= PAIRS || performance.now() - startedAt > 4 * TOLD_MS;
      const [result, reads] = await Promise.all([
        writer.patch(undefined, "one", { a: 10 + number }),
        countReads(writer, ids, isOver),
      ]);
      written(result);
      const milliseconds = performance.now() - startedAt;
      console.info(
        `${told} told in ${milliseconds.toFixed(0)} ms on ${gateways.length} gateways; longest turn ${longestTurn().toFixed(1)} ms; ${reads} reads meanwhile`,
      );
      expect(told).toBe(PAIRS);
      expect(milliseconds).toBeLessThan(TOLD_MS);
      expect(reads, "others are answered between the slices").toBeGreaterThan(10);
    }
  },
  600_000,
);
