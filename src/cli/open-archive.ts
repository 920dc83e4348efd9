import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { readStoreSettings } from "../env.js";
import type { Settings } from "../settings.js";
import type { ArchiveItem, ArchiveSource, ArchiveTarget } from "../store/archive.js";
import { dataFile } from "../store/lmdb/folder/lmdb-files.js";
import { openLmdbArchiveSource } from "../store/lmdb/lmdb-archive-source.js";
import { openLmdbArchiveTarget } from "../store/lmdb/lmdb-archive-target.js";
import { openLmdbReads } from "../store/lmdb/lmdb-reads.js";
import { openLmdbStore } from "../store/lmdb/lmdb-store.js";
import { acceptRedisStore } from "../store/redis/redis-accept.js";
import { openRedisArchiveSource } from "../store/redis/redis-archive-source.js";
import { openRedisArchiveTarget } from "../store/redis/redis-archive-target.js";
import { openRedisReads } from "../store/redis/redis-open-reads.js";
import { openRedisStore } from "../store/redis/redis-store.js";
import type { Store, StoreReads } from "../store/store.js";

type Env = Readonly<NodeJS.ProcessEnv>;

/** How a kind of store is opened by commands. */
interface Openers {
  source(): Promise<ArchiveSource>;
  target(): Promise<ArchiveTarget>;
  store(): Promise<Store>;
  reads(): Promise<StoreReads>;
  /** Whether there is a store to open: opening one makes it, where that is possible. */
  exists(): boolean;
  /** Undefined where there is nothing to accept. */
  accept(): Promise<string | undefined>;
}

/** Composition for the commands that copy whole stores: here alone it is known which adapters there are. */
function openersFor(settings: Settings["store"]): Openers {
  switch (settings.kind) {
    case "lmdb": {
      const folder = resolve(settings.folder);
      return {
        source: () => openLmdbArchiveSource({ folder }),
        target: () => openLmdbArchiveTarget({ folder }),
        store: () => openLmdbStore({ folder }),
        reads: () => openLmdbReads(folder),
        exists: () => existsSync(dataFile(folder)),
        accept: async () => undefined,
      };
    }
    case "redis":
      return {
        source: () => openRedisArchiveSource(settings),
        target: () => openRedisArchiveTarget(settings),
        store: () => openRedisStore(settings),
        reads: () => openRedisReads(settings),
        exists: () => true,
        accept: () => acceptRedisStore(settings),
      };
  }
}

/** @param url as in STRATA_STORE; undefined: what that says */
function openersAt(env: Env, url: string | undefined): Openers {
  const given = url === undefined ? {} : { STRATA_STORE: url };
  return openersFor(readStoreSettings({ ...env, ...given }));
}

/** @throws SettingsError, StrataError or Error with a message for the operator */
export async function openArchiveSource(env: Env, url: string | undefined): Promise<ArchiveSource> {
  return openersAt(env, url).source();
}

/** @throws SettingsError, StrataError or Error with a message for the operator */
export async function openStoreReads(env: Env, url: string | undefined): Promise<StoreReads> {
  return openersAt(env, url).reads();
}

/** @throws SettingsError, StrataError or Error with a message for the operator */
export async function openArchiveTarget(env: Env, url: string | undefined): Promise<ArchiveTarget> {
  return openersAt(env, url).target();
}

/** @throws SettingsError, StrataError or Error with a message for the operator */
export async function openArchivedStore(env: Env, url: string | undefined): Promise<Store> {
  return openersAt(env, url).store();
}

/** @throws SettingsError, StrataError or Error with a message for the operator */
export async function acceptStore(env: Env, url: string | undefined): Promise<string | undefined> {
  return openersAt(env, url).accept();
}

/** To write to, and not to make. @throws SettingsError, StrataError or Error with a message for the operator, also where there is no store */
export async function openStoreThatIs(env: Env, url: string | undefined): Promise<Store> {
  const openers = openersAt(env, url);
  // Whoever only reads makes nothing, and says what is not there.
  if (!openers.exists()) await (await openers.reads()).close();
  return openers.store();
}

/** @returns undefined where there is no store yet @throws SettingsError, StrataError or Error with a message for the operator */
export async function openExistingStore(env: Env, url: string | undefined): Promise<Store | undefined> {
  const openers = openersAt(env, url);
  return openers.exists() ? openers.store() : undefined;
}

/** A store in a folder of its own, which may be filled with items of another one. @throws StrataError */
export async function openScratchStore(
  folder: string,
  filling: { readonly items: readonly ArchiveItem[]; readonly sequence: number } | undefined,
): Promise<Store> {
  if (filling !== undefined) {
    const target = await openLmdbArchiveTarget({ folder });
    try {
      await target.begin("scratch", true);
      await target.restore(filling.items);
      await target.finish(filling.sequence, 0);
    } finally {
      await target.close();
    }
  }
  return openLmdbStore({ folder });
}
