import { randomUUID } from "node:crypto";
import { open } from "lmdb";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { RedisKeys } from "../../src/store/redis/redis-keys.js";
import { openRedisStore } from "../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import type { Store } from "../../src/store/store.js";
import { redisCommand } from "../redis/redis-command.js";
import { sharedRedisUrl } from "../redis/run-redis.js";
import { until } from "../redis/until.js";
import { temporaryFolder } from "../temporary-folder.js";
import { makeOlderLmdb, makeOlderRedis } from "./older-store.js";
import { describePastContract, type PastStore } from "./past-contract.js";
import { FAST_DISK } from "./test-store.js";

/** A store that is changed while it is closed. */
async function closedAndOpened(
  opened: () => Promise<Store>,
  changes: { forgetFeed(): Promise<unknown>; upgrade(): Promise<unknown> },
): Promise<PastStore> {
  const store = await opened();
  let current = store;
  const after = async (change: () => Promise<unknown>): Promise<Store> => {
    await current.close();
    await change();
    current = await opened();
    return current;
  };
  return {
    store,
    forgetFeed: () => after(changes.forgetFeed),
    upgrade: () => after(changes.upgrade),
    close: () => current.close(),
  };
}

describePastContract("The LMDB store", () => {
  const folder = temporaryFolder(FAST_DISK);
  return closedAndOpened(() => openLmdbStore({ folder }), {
    upgrade: () => makeOlderLmdb(folder),
    forgetFeed: async () => {
      const raw = open<string>({ path: folder, noSubdir: false, encoding: "string" });
      for (const key of [...raw.getKeys({ start: ["feed"], end: ["feed", Number.MAX_SAFE_INTEGER] })])
        await raw.remove(key);
      await raw.close();
    },
  });
});

describePastContract("The Redis store", () => {
  const url = sharedRedisUrl();
  const options = { target: parseRedisUrl(url), cell: randomUUID() };
  const keys = new RedisKeys(options.cell);
  const upgraded = async (store: Store): Promise<Store> => {
    await until("upgraded", async () => (await redisCommand(url, "HGET", keys.meta, "format")) === "3");
    return store;
  };
  return closedAndOpened(() => openRedisStore(options).then(upgraded), {
    upgrade: () => makeOlderRedis(url, keys),
    forgetFeed: () => redisCommand(url, "XTRIM", keys.feed, "MAXLEN", "0"),
  });
});
