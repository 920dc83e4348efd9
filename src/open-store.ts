import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import type { FastifyBaseLogger } from "fastify";
import type { Metrics } from "./http/metrics/metrics.js";
import type { RedisSettings, Settings } from "./settings.js";
import { boundStaleness } from "./store/bounded-store.js";
import { openLmdbStore } from "./store/lmdb/lmdb-store.js";
import { observeStore } from "./store/observed-store.js";
import { createRedisMergeCache, type RedisMergeCache } from "./store/redis/redis-merge-cache.js";
import { openRedisStore } from "./store/redis/redis-store.js";
import { describeRedis } from "./store/redis/redis-url.js";
import type { SecretStore } from "./store/secret-store.js";
import type { Store } from "./store/store.js";
import type { StoreNotice } from "./store/store-notice.js";
import { traceStore } from "./store/traced-store.js";

type StoreSettings = Pick<Settings, "store" | "mergeCache" | "maxStalenessMs" | "cacheMebibytes">;

/** Where things are kept outside of this process. */
export interface Places {
  readonly store: Store;
  readonly shared: RedisMergeCache | undefined;
  readonly readSecret: SecretStore["secret"];
}

/** Of the memory for caches, what versions of accounts and documents have. */
export const ACCOUNTS_SHARE = 1 / 9;
export const MEBIBYTE = 2 ** 20;
/** What a cached version takes, its name included. */
const BYTES_PER_VERSION = 512;

/** @throws Error with a message for the operator when the store cannot be used */
export async function openPlaces(
  settings: StoreSettings,
  logger: FastifyBaseLogger,
  metrics: Metrics,
  isTraced: boolean,
): Promise<Places> {
  const kept = await openStore(settings, logger);
  const watched = watchStore(kept, settings, metrics);
  const store = isTraced ? traceStore(watched, settings.store.kind) : watched;
  return { store, shared: openMergeCache(settings, logger), readSecret: () => kept.secret() };
}

async function openStore({ store: place }: StoreSettings, logger: FastifyBaseLogger): Promise<SecretStore> {
  const store =
    place.kind === "lmdb"
      ? await openLmdbStore({ ...place, folder: resolve(place.folder), onNotice: noticeTo(logger) })
      : await openRedisStore({
          ...place,
          markFile: markFile(place),
          onNotice: noticeTo(logger),
        });
  logger.info({ store: describeStore(place) }, "store opened");
  return store;
}

/** The store as requests have it: its calls are counted, and answered from memory as far as the settings allow. */
function watchStore(
  store: Store,
  { maxStalenessMs, cacheMebibytes }: StoreSettings,
  metrics: Metrics,
): Store {
  const observed = observeStore(store, ({ operation, outcome, size, seconds }) =>
    metrics.storeCall(operation, outcome, size, seconds),
  );
  if (maxStalenessMs === 0) return observed;
  const entries = Math.ceil((cacheMebibytes * MEBIBYTE * ACCOUNTS_SHARE) / BYTES_PER_VERSION);
  return boundStaleness(observed, { maxStalenessMs, entries });
}

/** Where the data is, for people; no password is in it. */
export function describeStore(place: Settings["store"]): string {
  return place.kind === "lmdb" ? resolve(place.folder) : `${describeRedis(place.target)}, cell ${place.cell}`;
}

function openMergeCache(
  { mergeCache }: StoreSettings,
  logger: FastifyBaseLogger,
): RedisMergeCache | undefined {
  return mergeCache && createRedisMergeCache({ target: mergeCache, onNotice: noticeTo(logger) });
}

function noticeTo(logger: FastifyBaseLogger): (notice: StoreNotice) => void {
  return ({ level, message }) => logger[level](message);
}

/** One file for each store that this gateway has ever written to. */
function markFile({ target, cell, stateFolder }: RedisSettings): string {
  const store = createHash("sha256")
    .update(`${describeRedis(target)} ${cell}`)
    .digest("hex")
    .slice(0, 12);
  return join(stateFolder, `acknowledged-${cell}-${store}.json`);
}
