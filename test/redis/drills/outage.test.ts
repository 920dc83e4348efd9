import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { openRedisStore } from "../../../src/store/redis/redis-store.js";
import { documentCommit, documentKey } from "../../store/store-contract.js";
import { until } from "../until.js";
import { ANSWERED_WITHIN_MS, WriteLoad } from "./kills-load.js";
import { keptIn, Ledger, NOTHING_WRONG } from "./ledger.js";
import { targetAt } from "./outage-app.js";
import { BACK_WITHIN_MS, OUTAGE_MS, OUTAGES, openPlace, type Place } from "./outage-place.js";
import {
  type Answer,
  AT_ONCE,
  accountOf,
  askAll,
  faultsOf,
  MIXED,
  ONE_OF_EACH,
  openWarmApp,
  slowestOf,
  write,
} from "./outage-requests.js";

const BURSTS = 2;
/** Longer than the store waits for an answer. */
const BUSY_MS = 1_200;

/** One for all, so that what an outage leaves behind is there in the next one. */
let place: Place;
let app: FastifyInstance;
beforeAll(async () => {
  place = await openPlace();
  app = await openWarmApp(place.proxy.port);
});
afterAll(async () => {
  await app.close();
  await place.close();
});

const isFine = async () => (await askAll(app, ONE_OF_EACH)).every((answer) => answer.isFine);

test("a process that was busy itself does not take the store for unreachable", async () => {
  const store = await openRedisStore({ target: targetAt(place.server.port), cell: randomUUID() });
  onTestFinished(() => store.close());
  const reading = store.rootId();
  const committing = store.commit(documentCommit(documentKey("a", "x"), {}));
  // Both are on their way after some turns, and answered while nobody looks.
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  const start = performance.now();
  while (performance.now() - start < BUSY_MS);
  await expect(reading).resolves.toBeUndefined();
  expect(await committing).toMatchObject({ outcome: "done" });
});

test(`${AT_ONCE} writes of one config during an outage are answered in time: none waits for all that came before it`, {
  // A machine with other work may be late once; writes that wait for each other are late every time.
  retry: 1,
}, async () => {
  place.server.pause();
  onTestFinished(() => place.server.resume());
  const writes = MIXED.map((_, n) => write(accountOf(0), n));
  const answers = await askAll(app, writes);
  place.server.resume();
  await until("the service answers everything again", isFine, BACK_WITHIN_MS);
  console.log(`${AT_ONCE} writes of one config: slowest answer ${slowestOf(answers)} ms`);
  expect(faultsOf(answers)).toEqual([]);
});

test.each(OUTAGES)(
  `while Redis %s, the store and ${AT_ONCE} requests at a time are answered in time, and then as before`,
  async (what, { begin, end }) => {
    const cell = randomUUID();
    const store = await openRedisStore({ target: targetAt(place.proxy.port), cell });
    onTestFinished(() => store.close());
    const ledger = new Ledger();
    const load = new WriteLoad(store, ledger);
    onTestFinished(() => load.abandon());
    await until("writes are acknowledged", () => ledger.acknowledged > 100);

    await begin(place);
    const bursts: Promise<Answer[]>[] = [];
    for (let burst = 0; burst < BURSTS; burst++) {
      bursts.push(askAll(app, MIXED));
      await delay(OUTAGE_MS / BURSTS);
    }
    const answers = (await Promise.all(bursts)).flat();
    const before = ledger.acknowledged;
    await end(place);

    const back = performance.now();
    await until("writes are acknowledged again", () => ledger.acknowledged > before + 10, BACK_WITHIN_MS);
    await until("reads are answered again", () => store.rootId().then(() => true), BACK_WITHIN_MS);
    await until("the service answers everything again", isFine, BACK_WITHIN_MS);
    const backMs = Math.round(performance.now() - back);
    await load.stop();
    console.log(`${what}: back after ${backMs} ms; slowest request ${slowestOf(answers)} ms; store: ${load}`);
    expect(backMs).toBeLessThan(BACK_WITHIN_MS);
    expect(faultsOf(answers)).toEqual([]);
    expect(ledger.findings(await keptIn(place.server, cell))).toEqual(NOTHING_WRONG);
    expect(load.faults).toEqual([]);
    expect(load.slowestMs).toBeLessThan(ANSWERED_WITHIN_MS);
  },
);
