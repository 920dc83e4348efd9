import { readSchemaFolder } from "../env.js";
import { type FlagManifest, flagManifest } from "../ofrep/manifest.js";
import { loadSchemaRegistry, type SchemaRegistry } from "../schema/schema-registry.js";
import { typescriptTypes } from "../schema/typescript-types.js";

/** Hears of what is left out. */
interface Told {
  write(text: string): unknown;
}

/**
 * The flag manifest of the schemas that the server would serve.
 * @param configId absent: of all configs that accounts have
 * @returns undefined where accounts have no such config
 * @throws SettingsError, or Error with a message for the operator
 */
export function readManifest(
  env: Readonly<NodeJS.ProcessEnv>,
  configId: string | undefined,
  told: Told,
): FlagManifest | undefined {
  const configs = readConfigs(env, told);
  if (configId === undefined) return flagManifest(configs.values());
  const config = configs.get(configId);
  return config?.forAccount && flagManifest([config]);
}

/** TypeScript types of the configs that the server would serve accounts. @throws as `readManifest` */
export function readTypes(env: Readonly<NodeJS.ProcessEnv>, told: Told): string {
  return typescriptTypes(readConfigs(env, told).values());
}

function readConfigs(env: Readonly<NodeJS.ProcessEnv>, told: Told): SchemaRegistry["configs"] {
  const { configs, problems } = loadSchemaRegistry(readSchemaFolder(env));
  for (const { file, pointer, reason, consequence } of problems)
    if (consequence === "refused")
      told.write(`${file} is left out${pointer && `, for what is at ${pointer}`}: ${reason}\n`);
  return configs;
}
