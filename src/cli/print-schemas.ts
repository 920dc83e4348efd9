import { readSchemaFolder } from "../env.js";
import { type FlagManifest, flagManifest } from "../ofrep/manifest.js";
import { loadSchemaRegistry } from "../schema/schema-registry.js";
import { typescriptTypes } from "../schema/typescript-types.js";

/**
 * The flag manifest of the schemas that the server would serve.
 * @param configId absent: of all configs that accounts have
 * @returns undefined where accounts have no such config
 * @throws SettingsError, or Error with a message for the operator
 */
export function readManifest(
  env: Readonly<NodeJS.ProcessEnv>,
  configId: string | undefined,
): FlagManifest | undefined {
  const { configs } = loadSchemaRegistry(readSchemaFolder(env));
  if (configId === undefined) return flagManifest(configs.values());
  const config = configs.get(configId);
  return config?.forAccount && flagManifest([config]);
}

/** TypeScript types of the configs that the server would serve accounts. @throws as `readManifest` */
export function readTypes(env: Readonly<NodeJS.ProcessEnv>): string {
  return typescriptTypes(loadSchemaRegistry(readSchemaFolder(env)).configs.values());
}
