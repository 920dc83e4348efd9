import { OPEN_PRINCIPAL } from "../auth/principal.js";
import type { DiffWanted } from "../command/diff-command.js";
import { readSchemaFolder } from "../env.js";
import { loadSchemaRegistry } from "../schema/schema-registry.js";
import { ConfigCatalog } from "../service/config-catalog.js";
import type { AttributedChange } from "../service/read/attributed-changes.js";
import { PastConfigs } from "../service/read/past-configs.js";
import { createRequestReader } from "../service/read/request-reader.js";
import { openStoreReads } from "./open-archive.js";

/**
 * What differs between two moments in a config of a store, under the schemas that the server would serve. Only reads, and a
 * server may be writing meanwhile.
 * @throws SettingsError, StrataError or Error with a message for the operator
 */
export async function diffStore(
  env: Readonly<NodeJS.ProcessEnv>,
  url: string | undefined,
  { since, until, ...given }: DiffWanted,
): Promise<readonly AttributedChange[]> {
  const catalog = new ConfigCatalog(loadSchemaRegistry(readSchemaFolder(env)));
  const reads = await openStoreReads(env, url);
  try {
    const target = catalog.checked(OPEN_PRINCIPAL, "read", given);
    const past = new PastConfigs(catalog, () => new Date());
    const reader = createRequestReader(reads, OPEN_PRINCIPAL);
    const snapshot = await past.at(OPEN_PRINCIPAL, target, until, reader, "/until");
    return await past.changesSince(OPEN_PRINCIPAL, snapshot, since, reader);
  } finally {
    await reads.close();
  }
}
