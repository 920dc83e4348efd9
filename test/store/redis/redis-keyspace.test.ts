import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { acceptRedisStore } from "../../../src/store/redis/redis-accept.js";
import { RedisKeys } from "../../../src/store/redis/redis-keys.js";
import { openRedisStore } from "../../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../../src/store/redis/redis-url.js";
import type { AccountWrite, Commit, Store } from "../../../src/store/store.js";
import type { StoreNotice } from "../../../src/store/store-notice.js";
import { SEED } from "../../cases.js";
import { redisCommand } from "../../redis/redis-command.js";
import { sharedRedisUrl } from "../../redis/run-redis.js";
import { until } from "../../redis/until.js";
import { accountCommit, documentCommit, documentKey, versionOf } from "../store-contract.js";

const IS_LONG = process.env.STRATA_TEST_LONG === "1";

/** What somebody else may have put where Strata puts something of another type. */
const FOREIGN: Readonly<Record<string, (key: string) => readonly [string, ...string[]]>> = {
  string: (key) => ["SET", key, "foreign"],
  list: (key) => ["RPUSH", key, "foreign"],
  hash: (key) => ["HSET", key, "foreign", "1"],
  set: (key) => ["SADD", key, "foreign"],
  zset: (key) => ["ZADD", key, "1", "foreign"],
  stream: (key) => ["XADD", key, "1-1", "foreign", "1"],
};

const account = (kind: AccountWrite["kind"], id: string, parentId: string): Commit => {
  const commit = accountCommit(id, parentId);
  return { ...commit, write: { ...commit.write, kind } as AccountWrite };
};
const set = () => documentCommit(documentKey("shop", "x"), { v: 1 });
const setOld = () => documentCommit(documentKey("old", "x"), { v: 2 });
const create = () => account("CREATE", "new", "shop");
const remove = () => account("DELETE", "old", "shop");
const move = () => account("UPDATE", "old", "root");

/** Each kind of key: which one is tried, what it holds, and the commits that write there. */
const KINDS: readonly (readonly [
  name: string,
  key: (keys: RedisKeys) => string,
  type: string,
  writes: readonly (() => Commit)[],
])[] = [
  ["meta", (keys) => keys.meta, "hash", [set]],
  ["seq", (keys) => keys.sequence, "string", [set]],
  ["tree", (keys) => keys.tree, "string", [set, move]],
  ["begun", (keys) => keys.begun, "string", [set]],
  ["time", (keys) => keys.time, "string", [set, create]],
  ["feed", (keys) => keys.feed, "stream", [set, create, remove]],
  ["dropped", (keys) => keys.dropped, "string", [remove]],
  ["lastDeletion", (keys) => keys.lastDeletion, "string", [remove]],
  ["v", (keys) => keys.version(documentKey("shop", "x")), "string", [set]],
  ["d", (keys) => keys.document(documentKey("shop", "x")), "string", [set]],
  ["h", (keys) => keys.history(documentKey("shop", "x")), "list", [set]],
  ["o", (keys) => keys.configs(documentKey("shop", "x")), "set", [set]],
  ["v of a document in use", (keys) => keys.version(documentKey("old", "x")), "string", [setOld, remove]],
  ["d of a document in use", (keys) => keys.document(documentKey("old", "x")), "string", [setOld, remove]],
  ["h of a document in use", (keys) => keys.history(documentKey("old", "x")), "list", [setOld, remove]],
  ["o of an owner in use", (keys) => keys.configs(documentKey("old", "x")), "set", [setOld, remove]],
  ["a", (keys) => keys.account("new"), "string", [create]],
  ["a of a parent", (keys) => keys.account("shop"), "string", [create]],
  ["k", (keys) => `${keys.prefix}k:shop`, "zset", [create, remove, move]],
  ["n", (keys) => keys.counts("shop"), "string", [create, remove, move]],
  ["g", (keys) => `${keys.prefix}g:new`, "string", [create]],
  ["g of what is deleted", (keys) => `${keys.prefix}g:old`, "string", [remove]],
];
/** Every kind of key, with each foreign type; in a usual run with two of them, which differ from kind to kind and from run to run. */
const CASES = KINDS.flatMap(([name, key, type, writes], index) => {
  const types = Object.keys(FOREIGN).filter((wrong) => wrong !== type);
  const chosen = types.filter((_, at) => IS_LONG || (at + index + SEED) % types.length < 2);
  return chosen.map((wrong) => [name, wrong, key, writes] as const);
});

const ask = (name: string, ...values: string[]) => redisCommand(sharedRedisUrl(), name, ...values);

interface Opened {
  readonly store: Store;
  readonly keys: RedisKeys;
  readonly cell: string;
  readonly notices: StoreNotice[];
}

async function open(): Promise<Opened> {
  const cell = randomUUID();
  const notices: StoreNotice[] = [];
  const onNotice = (notice: StoreNotice) => notices.push(notice);
  const store = await openRedisStore({ target: parseRedisUrl(sharedRedisUrl()), cell, onNotice });
  versionOf(await store.commit(accountCommit("root", undefined)));
  versionOf(await store.commit(accountCommit("shop", "root")));
  versionOf(await store.commit(accountCommit("old", "shop")));
  versionOf(await store.commit(documentCommit(documentKey("old", "x"), { v: 1 })));
  return { store, keys: new RedisKeys(cell), cell, notices };
}

/** Everything that the store has in Redis, as bytes, but what comes and goes by itself. */
async function contents({ prefix, probe, run }: RedisKeys): Promise<Map<string, unknown>> {
  const found = (await ask("KEYS", `${prefix}*`)) as string[];
  const kept = found.filter((key) => key !== probe && key !== run).sort();
  const held = new Map<string, unknown>();
  for (const key of kept) held.set(key, await holding(key));
  return held;
}

const READ: Readonly<Record<string, (key: string) => readonly [string, ...string[]]>> = {
  string: (key) => ["GET", key],
  list: (key) => ["LRANGE", key, "0", "-1"],
  hash: (key) => ["HGETALL", key],
  set: (key) => ["SMEMBERS", key],
  zset: (key) => ["ZRANGE", key, "0", "-1", "WITHSCORES"],
  stream: (key) => ["XRANGE", key, "-", "+"],
};
const holding = async (key: string) =>
  ask(...(READ[String(await ask("TYPE", key))]?.(key) ?? (["EXISTS", key] as const)));

describe("a key of another type in the keyspace of a store in Redis", () => {
  let opened: Opened;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened.store.close());

  test.each(CASES)(
    "%s, holding a %s, refuses the writes that go there, whole, until it is gone",
    async (_, wrong, keyOf, writes) => {
      const { store, keys, notices } = opened;
      const key = keyOf(keys);
      const isThere = (await ask("EXISTS", key)) === 1;
      if (isThere) await ask("RENAME", key, `${key} aside`);
      await ask(...(FOREIGN[wrong]?.(key) ?? (["PING"] as const)));
      const before = await contents(keys);
      notices.length = 0;
      for (const write of writes) {
        const outcome = await store.commit(write());
        expect(outcome).toMatchObject({ outcome: "notApplied", cause: { code: "STORE_UNAVAILABLE" } });
        expect(await contents(keys)).toEqual(before);
      }
      const named = `${key} holds a ${wrong} in place of a `;
      const isNamed = () =>
        `${notices.map(({ message }) => message)} ${store.writeObstacle()}`.includes(named);
      await until("the key is named", isNamed, 3_000);
      await ask("DEL", key);
      if (isThere) await ask("RENAME", `${key} aside`, key);
      await until("writes are taken", async () => (await store.probeWrites()) === undefined, 5_000);
      versionOf(await store.commit(documentCommit(documentKey("shop", "other"), {})));
    },
  );

  test.each(["dropped", "seq", "begun"])(
    "%s, holding a text that is no number, refuses as well",
    async (name) => {
      const { store, keys } = opened;
      const key = `${keys.prefix}${name}`;
      const number = await ask("GET", key);
      await ask("SET", key, "many");
      const before = await contents(keys);
      expect(await store.commit(remove())).toMatchObject({ outcome: "notApplied" });
      expect(await contents(keys)).toEqual(before);
      if (number === null) await ask("DEL", key);
      else await ask("SET", key, String(number));
      await until("writes are taken", async () => (await store.probeWrites()) === undefined, 5_000);
    },
  );
});

test("a store whose feed is ahead of its sequence takes no writes, names it, and is mended by accepting it", {
  timeout: 30_000,
}, async () => {
  const { store, keys, cell, notices } = await open();
  onTestFinished(() => store.close());
  await ask("XADD", keys.feed, "9-0", "change", String(await ask("GET", keys.sequence)));
  const before = await contents(keys);
  const commit = () => store.commit(documentCommit(documentKey("shop", "x"), {}));
  expect(await commit()).toMatchObject({ outcome: "notApplied", cause: { code: "STORE_UNAVAILABLE" } });
  expect(await contents(keys)).toEqual(before);
  expect(await store.probeWrites()).toMatch(
    /feed is ahead: it tells of commit 9, and the newest is 4.*strata accept/,
  );
  expect(notices).toContainEqual({ level: "error", message: expect.stringContaining("feed is ahead") });
  expect(await commit()).toMatchObject({ outcome: "notApplied" });
  await acceptRedisStore({ target: parseRedisUrl(sharedRedisUrl()), cell });
  await until("writes are taken", async () => (await store.probeWrites()) === undefined, 5_000);
  expect(await commit()).toMatchObject({ outcome: "done", version: { sequence: 10 } });
});

test("a store of an older release goes on behind the time that its feed ends with, and without further marks", async () => {
  const { store, keys } = await open();
  onTestFinished(() => store.close());
  const put = (at: string) => store.commit({ ...documentCommit(documentKey("shop", "x"), { at }), at });
  expect(await put("2030-01-01T00:00:00.000Z")).toMatchObject({ at: "2030-01-01T00:00:00.000Z" });
  await ask("DEL", keys.time, keys.begun, keys.run);
  expect(await put("2029-01-01T00:00:00.000Z")).toMatchObject({
    at: "2030-01-01T00:00:00.000Z",
    version: { sequence: 6 },
  });
  expect(await ask("GET", keys.begun)).toBe("6");
});
