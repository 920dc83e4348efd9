import type { JsonObject } from "../domain/json/json.js";
import type { ConfigSnapshot } from "../service/read/config-snapshot.js";

/** What is in force, as KAZOO shows it. Callers send it back: a setting that is really called `id` is not hidden by KAZOO's. */
export function configData({ config, perspective }: ConfigSnapshot): JsonObject {
  return perspective.names("id") ? config.values : { ...config.values, id: `configs_${config.configId}` };
}
