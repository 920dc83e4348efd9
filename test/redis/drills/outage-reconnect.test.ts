import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openRedisStore } from "../../../src/store/redis/redis-store.js";
import type { Store } from "../../../src/store/store.js";
import { fairNow } from "../../fair-time.js";
import { documentCommit, documentKey } from "../../store/store-contract.js";
import type { TcpProxy } from "../tcp-proxy.js";
import { until } from "../until.js";
import { ANSWERED_WITHIN_MS } from "./kills-load.js";
import { targetAt } from "./outage-app.js";
import { BACK_WITHIN_MS, openPlaceForTest } from "./outage-place.js";

const STORES = 20;
/** One for reads and one for writes. */
const CONNECTIONS = 2 * STORES;
const WINDOW_MS = 100;
const KEY = documentKey("a", "x");
/** There and back, twice: what a connection takes until it can be used. */
const HANDSHAKE_HOPS = 4;
/** Just short of when each step of a call is given up. */
const ALMOST_TOO_LONG_MS = 820;

async function openStore(port: number, cell: string): Promise<Store> {
  const store = await openRedisStore({ target: targetAt(port), cell });
  onTestFinished(() => store.close());
  return store;
}

/** How many connections came in each window of time, until all are back. */
async function arrivals(proxy: TcpProxy): Promise<number[]> {
  const start = performance.now();
  const windows: number[] = [];
  let known = 0;
  await until("everybody is back", () => {
    const window = Math.floor((performance.now() - start) / WINDOW_MS);
    const { connections } = proxy;
    while (windows.length <= window) windows.push(0);
    windows[window] = (windows[window] ?? 0) + connections - known;
    known = connections;
    return connections >= CONNECTIONS;
  });
  return windows;
}

test(`${STORES} stores that lost the same Redis come back each at a time of its own`, async () => {
  const { proxy } = await openPlaceForTest();
  const stores = await Promise.all(
    Array.from({ length: STORES }, (_, n) => openStore(proxy.port, `cell${n}`)),
  );
  const areBack = () => Promise.all(stores.map((store) => store.rootId())).then(() => true);
  expect(proxy.connections).toBe(CONNECTIONS);
  proxy.cut();
  console.log(`connections in each ${WINDOW_MS} ms after a cut: ${(await arrivals(proxy)).join(", ")}`);
  await until("all of them answer", areBack, BACK_WITHIN_MS);

  proxy.refuse();
  proxy.cut();
  await delay(2_000);
  await proxy.accept();
  const windows = await arrivals(proxy);
  console.log(`and after two seconds without Redis: ${windows.join(", ")}`);
  expect(Math.max(...windows)).toBeLessThanOrEqual(CONNECTIONS / 2);
  await until("all of them answer", areBack, BACK_WITHIN_MS);
});

/** Lets move once what has stood still so far. */
async function hop(proxy: TcpProxy, times = 1): Promise<void> {
  for (let n = 0; n < times; n++) {
    proxy.stall(false);
    proxy.stall(true);
    await delay(10);
  }
}

async function timed(call: Promise<unknown>): Promise<number> {
  const start = fairNow();
  await call.catch(() => undefined);
  return fairNow() - start;
}

async function unluckyRead(): Promise<number> {
  const { proxy } = await openPlaceForTest();
  const store = await openStore(proxy.port, "unlucky");
  proxy.stall(true);
  const reading = timed(store.rootId());
  await delay(ALMOST_TOO_LONG_MS);
  proxy.cut();
  await delay(ALMOST_TOO_LONG_MS);
  await hop(proxy, HANDSHAKE_HOPS);
  return reading;
}

async function unluckyCommit(): Promise<number> {
  const { proxy } = await openPlaceForTest();
  const store = await openStore(proxy.port, "unlucky");
  expect(await store.commit(documentCommit(KEY, {}))).toMatchObject({ outcome: "done" });
  proxy.stall(true);
  proxy.cut();
  await until("new connections are under way", () => proxy.connections === 2);
  const committing = timed(store.commit(documentCommit(KEY, {})));
  await delay(ALMOST_TOO_LONG_MS);
  await hop(proxy, HANDSHAKE_HOPS);
  await delay(ALMOST_TOO_LONG_MS);
  // What the store asks before it writes on a new connection.
  await hop(proxy, 2);
  return committing;
}

test("a read and a commit that are unlucky at each step are answered in time", async () => {
  const [readMs, commitMs] = await Promise.all([unluckyRead(), unluckyCommit()]);
  console.log(`unlucky: a read took ${Math.round(readMs)} ms, a commit ${Math.round(commitMs)} ms`);
  expect(Math.max(readMs, commitMs)).toBeLessThan(ANSWERED_WITHIN_MS);
});
