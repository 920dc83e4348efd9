import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { written } from "../services.js";
import { addAccounts, followEach, openGateways } from "./crowd.js";

/** It is held against the clock: for the long run, where it is alone. */
const isLong = process.env.STRATA_TEST_LONG === "1";
const SUBSCRIBERS = 1_000;
const WRITES = 300;
const MOST_MS = 200;

test.runIf(isLong)(
  "1,000 subscribers on as many gateways as the store allows hear of ten writes a second within 200 ms, p99",
  async () => {
    const gateways = await openGateways();
    const [writer] = gateways;
    const ids = await addAccounts(writer, SUBSCRIBERS);
    const begun = new Map<string, number>();
    const delays: number[] = [];
    await followEach(gateways, ids, (accountId) => {
      delays.push(performance.now() - (begun.get(accountId) ?? 0));
    });
    for (let number = 0; number < WRITES; number++) {
      const id = ids[(number * 7) % ids.length] as string;
      begun.set(id, performance.now());
      const [result] = await Promise.all([writer.patch(id, "one", { a: 2 + number }), pause(100)]);
      written(result);
    }
    await expect.poll(() => delays.length, { timeout: 20_000 }).toBe(WRITES);
    delays.sort((a, b) => a - b);
    const at = (share: number) => Math.round(delays[Math.floor(WRITES * share)] ?? 0);
    console.info(`write to message, ${gateways.length} gateways: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
    expect(at(0.99)).toBeLessThanOrEqual(MOST_MS);
  },
  600_000,
);
