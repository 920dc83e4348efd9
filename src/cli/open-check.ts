import type { OpenedCheck } from "../command/check-command.js";
import { readSchemaFolder } from "../env.js";
import { loadSchemaRegistry, type SchemaRegistry } from "../schema/schema-registry.js";
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
  const next = loadGiven(schemas);
  const reads = await openStoreReads(env, url);
  return { reads, inForce, next, close: () => reads.close() };
}

/** @throws Error naming the option that the folder came by, in place of the setting */
function loadGiven(folder: string): SchemaRegistry {
  try {
    return loadSchemaRegistry(folder);
  } catch (error) {
    throw new Error((error as Error).message.replaceAll("STRATA_SCHEMAS", "--schemas"), { cause: error });
  }
}
