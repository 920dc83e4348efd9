import { randomUUID } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { openRedisArchiveTarget } from "../../src/store/redis/redis-archive-target.js";
import { RedisConnection } from "../../src/store/redis/redis-connection.js";
import { RedisKeys } from "../../src/store/redis/redis-keys.js";
import { writeSecret } from "../../src/store/redis/redis-secret.js";
import { openRedisStore } from "../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import type { SecretStore } from "../../src/store/secret-store.js";
import { redisCommand } from "../redis/redis-command.js";
import { RedisServer } from "../redis/redis-server.js";
import { sharedRedisUrl } from "../redis/run-redis.js";
import { temporaryFolder } from "../temporary-folder.js";

const newCell = () => ({ target: parseRedisUrl(sharedRedisUrl()), cell: randomUUID() });

/** Opens the same data each time that it is called. */
const KINDS: Readonly<Record<string, () => () => Promise<SecretStore>>> = {
  LMDB: () => {
    const folder = temporaryFolder();
    return () => openLmdbStore({ folder });
  },
  Redis: () => {
    const place = newCell();
    return () => openRedisStore(place);
  },
};

describe.each(Object.keys(KINDS))("the secret of a store in %s", (kind) => {
  test("is one for all who ask, at once and after a restart, and of this store alone", async () => {
    const open = KINDS[kind]?.() ?? expect.unreachable();
    const store = await open();
    const asked = await Promise.all(Array.from({ length: 8 }, () => store.secret()));
    const [secret = ""] = asked;
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(new Set(asked)).toEqual(new Set([secret]));
    await store.close();
    const again = await open();
    expect(await again.secret()).toBe(secret);
    await again.close();
    await expect(again.secret()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    const other = await (KINDS[kind]?.() ?? expect.unreachable())();
    expect(await other.secret()).not.toBe(secret);
    await other.close();
  });
});

async function openRedis(place: Parameters<typeof openRedisStore>[0]): Promise<SecretStore> {
  const store = await openRedisStore(place);
  onTestFinished(() => store.close());
  return store;
}

test("gateways that come to a new store in Redis at once have one secret", async () => {
  const place = newCell();
  const gateways = await Promise.all([1, 2, 3, 4].map(() => openRedis(place)));
  const secrets = await Promise.all(gateways.map((store) => store.secret()));
  expect(new Set(secrets)).toEqual(new Set([expect.stringMatching(/^[\w-]{43}$/)]));
});

test("a gateway that found no secret in Redis takes the one that another has made since", async () => {
  const place = newCell();
  const secret = await (await openRedis(place)).secret();
  const keys = new RedisKeys(place.cell);
  const late = new RedisConnection({ target: place.target, name: "strata-late", routeKey: keys.meta });
  onTestFinished(() => late.close());
  await late.firstReady();
  expect(await writeSecret(late, keys)).toBe(secret);
});

test("what is imported in place of a store in Redis leaves the secret as it is: gateways go on with it", async () => {
  const place = newCell();
  const secret = await (await openRedis(place)).secret();
  const target = await openRedisArchiveTarget(place);
  await target.begin("an import", true);
  await target.finish(0, 0);
  await target.close();
  expect(await redisCommand(sharedRedisUrl(), "GET", new RedisKeys(place.cell).secret)).toBe(secret);
});

test("a Redis that is not to be written to gets none, and is asked again", async () => {
  const server = await RedisServer.start({ appendfsync: "everysec" });
  onTestFinished(() => server.stop());
  const place = { target: parseRedisUrl(server.url), cell: "main" };
  const store = await openRedis(place);
  expect(await store.secret()).toBeUndefined();
  expect(await redisCommand(server.url, "EXISTS", new RedisKeys("main").secret)).toBe(0);
  const made = await (await openRedis({ ...place, allowUnsafe: true })).secret();
  expect(made).toMatch(/^[\w-]{43}$/);
  expect(await store.secret()).toBe(made);
});
