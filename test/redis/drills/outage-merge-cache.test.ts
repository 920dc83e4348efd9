import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { describe, expect, onTestFinished, test } from "vitest";
import { createRedisMergeCache } from "../../../src/store/redis/redis-merge-cache.js";
import type { StoreNotice } from "../../../src/store/store-notice.js";
import { fairNow } from "../../fair-time.js";
import { dataOf, GraphqlClient } from "../../graphql/graphql-client.js";
import { freePort } from "../free-port.js";
import { RedisServer } from "../redis-server.js";
import { until } from "../until.js";
import { openApp, targetAt } from "./outage-app.js";

/** What a read may wait for the cache, and what a machine with other work may add. */
const WAIT_MS = 100;
const SLACK_MS = 250;
const BACK_WITHIN_MS = 3_000;
const TOLD_WITHIN_MS = 3_000;
const ACCOUNTS = ["acme", "globex"];

const OUTAGES = [
  [
    "is not running",
    {
      begin: (cache: RedisServer) => cache.kill(),
      end: (cache: RedisServer) => cache.restart(),
      lastsMs: 1_000,
    },
  ],
  [
    "is paused",
    {
      begin: async (cache: RedisServer) => cache.pause(),
      end: async (cache: RedisServer) => cache.resume(),
      // Long enough for whoever tries again now and then.
      lastsMs: 2_500,
    },
  ],
] as const;

async function start(settings: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
  const server = await RedisServer.start(settings);
  onTestFinished(() => server.stop());
  return server;
}

async function openForTest(storePort: number, cachePort?: number): Promise<FastifyInstance> {
  const app = await openApp(storePort, cachePort);
  onTestFinished(() => app.close());
  return app;
}

/** Every config of some accounts, one after the other, and how long each took. */
async function readAll(app: FastifyInstance): Promise<{ texts: string[]; slowestMs: number }> {
  const client = new GraphqlClient(app);
  const schemas = await client.post<{ configSchemas: { configId: string; accountSchema: unknown }[] }>({
    query: "{ configSchemas { configId accountSchema } }",
  });
  const ids = dataOf(schemas).configSchemas.flatMap(({ configId, accountSchema }) =>
    accountSchema === null ? [] : [configId],
  );
  const texts: string[] = [];
  let slowestMs = 0;
  for (const accountId of ACCOUNTS) {
    for (const configId of ids) {
      const start = fairNow();
      const answer = await client.post({
        query: `query ($accountId: ID!, $configId: ID!) {
          config(accountId: $accountId, configId: $configId) { etag fields { pointer value source { kind } } }
        }`,
        variables: { accountId, configId },
      });
      slowestMs = Math.max(slowestMs, fairNow() - start);
      dataOf(answer);
      texts.push(answer.text);
    }
  }
  return { texts, slowestMs };
}

/** As a cache is run. */
const UNSAFE = { appendonly: "no", "maxmemory-policy": "allkeys-lru" };

describe.each(OUTAGES)("while the merge cache %s", (what, { begin, end, lastsMs }) => {
  test("every answer is what it is without one, and in time", async () => {
    const [store, cache] = [await start(), await start(UNSAFE)];
    const { texts } = await readAll(await openForTest(store.port));
    const filling = await openForTest(store.port, cache.port);
    expect((await readAll(filling)).texts).toEqual(texts);
    expect(await cache.command("DBSIZE")).toBeGreaterThan(0);
    const app = await openForTest(store.port, cache.port);
    const isConnected = async () =>
      /name=strata-merges .* cmd=ping /.test(String(await cache.command("CLIENT", "LIST")));
    await until("the app is connected to the cache", isConnected);
    await begin(cache);
    const meanwhile = await readAll(app);
    console.log(`merge cache ${what}: slowest read ${Math.round(meanwhile.slowestMs)} ms`);
    expect(meanwhile.texts).toEqual(texts);
    expect(meanwhile.slowestMs).toBeLessThan(WAIT_MS + SLACK_MS);
  });

  test("it keeps whoever asks waiting once, is told of once, and comes back by itself", async () => {
    const server = await start(UNSAFE);
    const notices: StoreNotice[] = [];
    const onNotice = (notice: StoreNotice) => notices.push(notice);
    const cache = createRedisMergeCache({ target: targetAt(server.port), onNotice });
    onTestFinished(() => cache.close());
    const isThere = async () => {
      cache.put("key", "text");
      return (await cache.get("key")) === "text";
    };
    await until("it keeps", isThere);
    // Nothing is under way when it is lost.
    await delay(50);
    await begin(server);
    const started = performance.now();
    const waits: number[] = [];
    while (performance.now() - started < lastsMs) {
      const asked = fairNow();
      expect(await cache.get("key")).toBeUndefined();
      cache.put("key", "text");
      waits.push(fairNow() - asked);
      await delay(10);
    }
    const long = waits.filter((wait) => wait > 0.9 * WAIT_MS);
    console.log(
      `merge cache ${what}: ${long.map(Math.round).join(", ") || "no"} ms waited in ${waits.length} look-ups`,
    );
    expect(notices).toEqual([{ level: "warn", message: expect.stringContaining("merge cache") }]);
    await end(server);
    await until("it is back", isThere, BACK_WITHIN_MS);
    expect(notices.slice(1)).toEqual([{ level: "info", message: "The merge cache is back." }]);
    expect(long.length).toBeLessThanOrEqual(1);
  });
});

test("a merge cache that was never there is told of, and nobody waits for it", async () => {
  const notices: StoreNotice[] = [];
  const onNotice = (notice: StoreNotice) => notices.push(notice);
  const cache = createRedisMergeCache({ target: targetAt(await freePort()), onNotice });
  onTestFinished(() => cache.close());
  const asked = fairNow();
  expect(await cache.get("key")).toBeUndefined();
  expect(fairNow() - asked).toBeLessThan(0.9 * WAIT_MS);
  await until("somebody is told", () => notices.length > 0, TOLD_WITHIN_MS);
  expect(notices).toEqual([{ level: "warn", message: expect.stringContaining("merge cache") }]);
});
