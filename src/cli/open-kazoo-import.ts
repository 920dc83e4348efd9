import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSchemaFolder } from "../env.js";
import type { KazooImportTarget } from "../kazoo-import/import-kazoo.js";
import type { KazooDocuments } from "../kazoo-import/kazoo-documents.js";
import { itemsForTrial } from "../kazoo-import/trial-items.js";
import { loadSchemaRegistry } from "../schema/schema-registry.js";
import { AccountService } from "../service/account-service.js";
import { ConfigService } from "../service/config-service.js";
import { MergedConfigs } from "../service/read/merged-configs.js";
import type { Store } from "../store/store.js";
import { openArchivedStore, openExistingStore, openScratchStore } from "./open-archive.js";

export interface OpenedKazooImport extends KazooImportTarget {
  close(): Promise<void>;
}

const CACHE_BYTES = 64 * 2 ** 20;
/** Nobody waits for one of them, so each may take its time. */
const COMMIT_WITHIN_MS = 30_000;

/**
 * The services over the store that the server would use, and the schemas that it would serve. To try an import, over a
 * store in a temporary folder that has what the store has of everything that is to be imported.
 * @param apply whether it is the store itself that is written to
 * @throws SettingsError, StrataError or Error with a message for the operator
 */
export async function openKazooImport(
  env: Readonly<NodeJS.ProcessEnv>,
  url: string | undefined,
  apply: boolean,
  found: KazooDocuments,
): Promise<OpenedKazooImport> {
  const registry = loadSchemaRegistry(readSchemaFolder(env));
  const { store, remove } = apply
    ? { store: await openArchivedStore(env, url), remove: async () => {} }
    : await openTrialStore(env, url, found);
  const dependencies = { store, now: () => new Date(), newId: randomUUID, deadlineMs: COMMIT_WITHIN_MS };
  const merges = new MergedConfigs({
    bytes: CACHE_BYTES,
    shared: undefined,
    onLookup: () => {},
  });
  return {
    store,
    accounts: new AccountService({ ...dependencies, registry }),
    configs: new ConfigService({ ...dependencies, registry, merges }),
    async close() {
      await store.close();
      await remove();
    },
  };
}

async function openTrialStore(
  env: Readonly<NodeJS.ProcessEnv>,
  url: string | undefined,
  found: KazooDocuments,
): Promise<{ readonly store: Store; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "strata-import-kazoo-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const existing = await openExistingStore(env, url);
    try {
      const items = existing === undefined ? undefined : await itemsForTrial(existing, found);
      return { store: await openScratchStore(folder, items), remove };
    } finally {
      await existing?.close();
    }
  } catch (error) {
    await remove();
    throw error;
  }
}
