import type { OpenedCheck } from "../command/check-command.js";
import { readSchemaFolder } from "../env.js";
import { loadSchemaRegistry } from "../schema/schema-registry.js";
import { openStoreReads } from "./open-archive.js";

/**
 * The store that the server would use, the schemas that it would serve, and others. Only reads, and a server may be writing
 * meanwhile.
 * @throws SettingsError, StrataError or Error with a message for the operator
 */
export async function openCheck(
  env: Readonly<NodeJS.ProcessEnv>,
  url: string | undefined,
  schemas: string,
): Promise<OpenedCheck> {
  const inForce = loadSchemaRegistry(readSchemaFolder(env));
  const next = loadSchemaRegistry(schemas);
  const reads = await openStoreReads(env, url);
  return { reads, inForce, next, close: () => reads.close() };
}
