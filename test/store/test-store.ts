import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { Settings } from "../../src/settings.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { openRedisStore } from "../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import type { HistoryRetention, Store } from "../../src/store/store.js";
import { sharedRedisUrl } from "../redis/run-redis.js";
import { temporaryFolder } from "../temporary-folder.js";

/** Fast where there is a disk in memory; what is asked on it is answers, not durability. */
export const FAST_DISK = existsSync("/dev/shm") ? "/dev/shm" : undefined;

/**
 * The store that this run of the tests is about: everything above the port is tested on each kind. One folder stands for
 * one store, whatever the kind.
 */
export function testStoreSettings(folder: string): Settings["store"] {
  if (process.env.STRATA_TEST_STORE !== "redis") return { kind: "lmdb", folder };
  return {
    kind: "redis",
    target: parseRedisUrl(sharedRedisUrl()),
    cell: basename(folder),
    allowUnsafe: false,
    waitReplicas: 0,
    stateFolder: `${folder}-state`,
  };
}

/** Not closed by itself. */
export function openTestStore(
  folder = temporaryFolder(FAST_DISK),
  kept: Partial<HistoryRetention> = {},
): Promise<Store> {
  const settings = { ...testStoreSettings(folder), ...kept };
  return settings.kind === "lmdb" ? openLmdbStore(settings) : openRedisStore(settings);
}
