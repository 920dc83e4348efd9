import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openRedisStore } from "../../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../../src/store/redis/redis-url.js";
import { cases } from "../../cases.js";
import { RedisServer } from "../redis-server.js";
import { until } from "../until.js";
import { ANSWERED_WITHIN_MS, WriteLoad } from "./kills-load.js";
import { keptIn, Ledger, NOTHING_WRONG } from "./ledger.js";

/** Fewer may end no write in its midst. */
const KILLS = Math.max(8, cases(10));
const CELL = "kills";

test(`a Redis that is killed ${KILLS} times under load keeps every acknowledged write, and nothing else`, {
  timeout: 60_000 + KILLS * 3_000,
}, async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const store = await openRedisStore({ target: parseRedisUrl(server.url), cell: CELL });
  onTestFinished(() => store.close());
  const ledger = new Ledger();
  const load = new WriteLoad(store, ledger);
  onTestFinished(() => load.abandon());
  for (let kill = 0; kill < KILLS; kill++) {
    const before = ledger.acknowledged;
    await until("writes are acknowledged", () => ledger.acknowledged > before);
    await delay(Math.random() * 200);
    await server.restart();
  }
  await load.stop();
  console.log(`${KILLS} kills: ${load}`);
  expect(ledger.open).toBe(0);
  expect(ledger.findings(await keptIn(server, CELL))).toEqual(NOTHING_WRONG);
  expect(load.faults).toEqual([]);
  expect(load.slowestMs).toBeLessThan(ANSWERED_WITHIN_MS);
  // Else nothing was ever under way when it was killed.
  expect(load.outcomes.get("unknown")).toBeGreaterThan(0);
});
