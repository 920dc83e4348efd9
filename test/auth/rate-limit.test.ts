import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { OPEN_PRINCIPAL, type Principal } from "../../src/auth/principal.js";
import { createRateLimit, type RateLimit } from "../../src/auth/rate-limit.js";
import { createRedisMergeCache } from "../../src/store/redis/redis-merge-cache.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import { startFairClock } from "../fair-time.js";
import { OTHER_SETTINGS, TestApp } from "../graphql/test-app.js";
import { RedisServer } from "../redis/redis-server.js";
import { until } from "../redis/until.js";

const ADA: Principal = { ...OPEN_PRINCIPAL, subject: "ada-secret", accountId: "acme", issuedAt: 1 };
const ADDRESS = "203.0.113.77";

async function startRedis(): Promise<RedisServer> {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  return server;
}

/** The limit of one more gateway. */
async function gateway(server: RedisServer, perSecond: number, scope = "main"): Promise<RateLimit> {
  const cache = createRedisMergeCache({ target: parseRedisUrl(server.url), onNotice: () => {} });
  onTestFinished(() => cache.close());
  await until("the shared Redis is ready", () => cache.isReady());
  return createRateLimit(perSecond, cache, scope);
}

/** How many of so many requests pass, sent to these gateways in turn. */
async function passing(limits: readonly RateLimit[], count: number, principal = ADA): Promise<number> {
  const sent = Array.from({ length: count }, (_, index) =>
    limits[index % limits.length]?.check({}, principal, ADDRESS).then(
      () => 1,
      () => 0,
    ),
  );
  return (await Promise.all(sent)).reduce<number>((sum, one) => sum + (one ?? 0), 0);
}

/** In how many windows of a second requests may have been counted since then: one more may have ended in between. */
const windowsSince = (start: number): number => 1 + Math.ceil((performance.now() - start) / 1_000);

describe("the rate limit over a shared Redis", () => {
  test("holds over all gateways together, and for each caller and each store by itself", async () => {
    const server = await startRedis();
    const limits = [await gateway(server, 50), await gateway(server, 50)];
    const start = performance.now();
    const passed = await passing(limits, 400);
    expect(passed).toBeLessThanOrEqual(50 * windowsSince(start));
    expect(passed).toBeLessThan(400);
    expect(await passing(limits, 20, { ...ADA, subject: "bob" })).toBe(20);
    expect(await passing([await gateway(server, 50, "other")], 20)).toBe(20);
  });

  test("leaves nothing there that tells who called, and nothing that stays", async () => {
    const server = await startRedis();
    const limit = await gateway(server, 5);
    await passing([limit], 20);
    await passing([limit], 1, OPEN_PRINCIPAL);
    const keys = (await server.command("KEYS", "*")) as string[];
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(key).toMatch(/^strata:rate:[\w-]{43}$/);
      expect(Number(await server.command("PTTL", key))).toBeLessThanOrEqual(1_000);
    }
    await until(
      "every key is gone",
      async () => ((await server.command("KEYS", "*")) as string[]).length === 0,
    );
  });

  test("is each gateway's own while that Redis is down, and is never waited for", async () => {
    const server = await startRedis();
    const limits = [await gateway(server, 50), await gateway(server, 50)];
    await server.stop();
    await until("the limit is counted here", async () => (await passing(limits, 1)) === 1);
    const [start, elapsed] = [performance.now(), startFairClock()];
    const passed = await passing(limits, 400, { ...ADA, subject: "bob" });
    expect(elapsed()).toBeLessThan(2_000);
    expect(passed).toBeGreaterThanOrEqual(100);
    expect(passed).toBeLessThanOrEqual(100 * windowsSince(start));
    expect(passed).toBeLessThan(400);
  });
});

/** A gateway of the cell that others are of, too: its merge cache and its limit are in this Redis. */
async function limitedApp(server: RedisServer): Promise<TestApp> {
  const opened = await TestApp.forTest(undefined, {
    ...OTHER_SETTINGS,
    rateLimit: 50,
    mergeCache: parseRedisUrl(server.url),
  });
  const isConnected = async () =>
    /name=strata-merges .* cmd=ping /.test(String(await server.command("CLIENT", "LIST")));
  await until("the gateway is connected to the shared Redis", isConnected);
  return opened;
}

/** Reads of everything of a config, by both faces in turn. */
async function readMany(apps: readonly TestApp[], count: number): Promise<number[]> {
  const query = `{ config(accountId: "acme", configId: "conferences") { etag values } }`;
  const url = "/v2/accounts/acme/configs/conferences";
  const sent = Array.from({ length: count }, async (_, index) => {
    const app = apps[index % apps.length]?.app;
    const answer =
      index % 4 < 2
        ? await app?.inject({ method: "POST", url: "/graphql", payload: { query } })
        : await app?.inject({ url });
    return answer?.statusCode ?? 0;
  });
  return await Promise.all(sent);
}

test("while the Redis of limits and merges hangs, each gateway answers within its own limit; afterwards they count together", async () => {
  const server = await startRedis();
  const apps = [await limitedApp(server), await limitedApp(server)];
  await until("both answer", async () => (await readMany(apps, 2)).every((status) => status === 200));
  server.pause();
  for (let burst = 0; burst < 2; burst++) {
    const [start, elapsed] = [performance.now(), startFairClock()];
    const statuses = await readMany(apps, 400);
    expect([burst, [...new Set(statuses)].sort()]).toEqual([burst, [200, 429]]);
    const passed = statuses.filter((status) => status === 200).length;
    expect(passed).toBeLessThanOrEqual(2 * 50 * windowsSince(start));
    expect(elapsed()).toBeLessThan(2_000);
    // In a second of its own, so that each gateway has its whole limit again.
    await delay(1_100);
    if (burst > 0) expect(passed).toBeGreaterThanOrEqual(2 * 50);
  }
  server.resume();
  await until(
    "they count together",
    async () => {
      await delay(1_100);
      const start = performance.now();
      const passed = (await readMany(apps, 400)).filter((status) => status === 200).length;
      return passed > 0 && passed <= 50 * windowsSince(start) && windowsSince(start) === 2;
    },
    20_000,
  );
});

describe("the headers of a limited answer", () => {
  const POLICY = '"default";q=3;w=1';

  test.each(["/graphql", "/v2/accounts/acme/configs/conferences"])(
    "tell what is left, as the IETF draft spells it, also when nothing is: %s",
    async (url) => {
      const { app } = await TestApp.forTest(undefined, { ...OTHER_SETTINGS, rateLimit: 3 });
      const send = () =>
        url === "/graphql"
          ? app.inject({ method: "POST", url, payload: { query: "{ __typename }" } })
          : app.inject({ url });
      // All at once: on a slow machine eight seconds may begin while eight are sent one after another.
      const answers = await Promise.all(Array.from({ length: 8 }, send));
      for (const { statusCode, headers } of answers) {
        expect(headers["ratelimit-policy"]).toBe(POLICY);
        expect(headers.ratelimit).toMatch(
          statusCode === 429 ? /^"default";r=0;t=1$/ : /^"default";r=[0-2];t=1$/,
        );
        expect(headers["retry-after"]).toBe(statusCode === 429 ? "1" : undefined);
        expect(headers["access-control-expose-headers"] ?? "RateLimit").toContain("RateLimit");
      }
      expect(answers[0]?.headers.ratelimit).toBe('"default";r=2;t=1');
      expect(answers.some(({ statusCode }) => statusCode === 429)).toBe(true);
    },
  );

  test("are not there without a limit", async () => {
    const { app } = await TestApp.forTest(undefined, OTHER_SETTINGS);
    const { headers } = await app.inject({
      method: "POST",
      url: "/graphql",
      payload: { query: "{ __typename }" },
    });
    expect(headers).not.toHaveProperty("ratelimit");
    expect(headers).not.toHaveProperty("ratelimit-policy");
  });
});
