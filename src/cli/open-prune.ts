import { randomUUID } from "node:crypto";
import { readSchemaFolder } from "../env.js";
import { loadSchemaRegistry } from "../schema/schema-registry.js";
import { ConfigCatalog } from "../service/config-catalog.js";
import { ConfigService } from "../service/config-service.js";
import type { PruneTarget } from "../service/prune.js";
import { MergedConfigs } from "../service/read/merged-configs.js";
import { openStoreReads, openStoreThatIs } from "./open-archive.js";

/**
 * The store that the server would use, and the schemas that it would serve. To list alone, a server may be writing meanwhile;
 * to write, an embedded store is opened for this process alone.
 * @throws SettingsError, StrataError or Error with a message for the operator
 */
export async function openPrune(
  env: Readonly<NodeJS.ProcessEnv>,
  url: string | undefined,
  apply: boolean,
): Promise<PruneTarget & { close(): Promise<void> }> {
  const registry = loadSchemaRegistry(readSchemaFolder(env));
  const catalog = new ConfigCatalog(registry);
  if (!apply) {
    const reads = await openStoreReads(env, url);
    return { reads, catalog, configs: undefined, close: () => reads.close() };
  }
  const store = await openStoreThatIs(env, url);
  const merges = new MergedConfigs({ bytes: 2 ** 20, shared: undefined, onLookup: () => {} });
  const dependencies = { store, now: () => new Date(), newId: randomUUID, registry, merges };
  return { reads: store, catalog, configs: new ConfigService(dependencies), close: () => store.close() };
}
