import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Json } from "../../src/domain/json/json.js";
import type { ConfigSchema, Perspective } from "../../src/schema/config-schema.js";
import { loadSchemaRegistry, type SchemaRegistry } from "../../src/schema/schema-registry.js";

/** Files by name, without `.json`: JSON to be written out, or a file's bytes as they are. */
export type Files = Readonly<Record<string, Json | Buffer>>;

/** Something sound for folders that need one config to be loaded at all. */
export const SOUND: Json = { properties: { kept: { type: "string", default: "yes" } } };

/** What the registry makes of a folder of these files. */
export function load(files: Files): SchemaRegistry {
  return inEmptyFolder((folder) => {
    for (const [name, content] of Object.entries(files)) {
      const bytes = Buffer.isBuffer(content) ? content : JSON.stringify(content);
      writeFileSync(join(folder, `${name}.json`), bytes);
    }
    return loadSchemaRegistry(folder);
  });
}

/** An empty folder of its own, gone when `use` returns. */
export function inEmptyFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "strata-schemas-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The config `x` of a folder that must be without any problem. */
export function loadConfig(files: Files): ConfigSchema {
  const { configs, problems } = load(files);
  if (problems.length > 0) throw new Error(`Unexpected problems: ${JSON.stringify(problems)}`);
  const config = configs.get("x");
  if (config === undefined) throw new Error("There is no config x.");
  return config;
}

/** What an account sees of config `x`, of a folder that must be without any problem. */
export function loadAccount(schema: Json, others: Files = {}): Perspective {
  const { forAccount } = loadConfig({ "account_config.x": schema, ...others });
  if (forAccount === undefined) throw new Error("The config has no account schema.");
  return forAccount;
}

/** The defaults of an account schema, of a folder that must be without any problem. */
export function loadDefaults(schema: Json, others: Files = {}): Json | undefined {
  return loadConfig({ "account_config.x": schema, ...others }).forSystem.defaults;
}
