import type { LayerKind } from "../../domain/merge/layer.js";
import { noSuchConfig } from "../config-catalog.js";
import type { Deliveries } from "./deliveries.js";
import type { LiveSubscription } from "./live-subscription.js";
import type { SchemasInForce } from "./schemas-in-force.js";
import type { Touched, TouchedAccounts } from "./touched.js";
import type { WatchedConfig, WatchedConfigs } from "./watched-configs.js";

const SCHEMA: ReadonlySet<LayerKind> = new Set(["SCHEMA"]);
const NOTHING: ReadonlySet<LayerKind> = new Set();

/**
 * Takes the engine from one schema folder to another, between two commits, and tells subscribers what that changed. Whoever
 * named a config that there is no more is told so; whoever wanted all is told nothing of it any more.
 * @param ofAll those who want all configs: of those that are new they are told the first state
 */
export async function changeSchemas(
  schemas: SchemasInForce,
  deliveries: Deliveries,
  watched: WatchedConfigs,
  ofAll: readonly LiveSubscription[],
): Promise<void> {
  const old = deliveries.schemas;
  // Cursors of the old folder do not count any more: of what is not told yet nothing was told.
  const position = { ...deliveries.position, schema: schemas.mark };
  for (const subscription of ofAll)
    for (const config of watched.account(subscription.options.accountId)?.configs.values() ?? [])
      if (!old.configs.has(config.id) && !subscription.hasEnded && !subscription.isLost)
        config.subscriptions.add(subscription);
  watched.everythingMoved(position.sequence);
  await deliveries.tellRound(changedBy(schemas, old, watched), { position, before: "reset" });
  // Not before: until then no bookmark may say that everybody was told of the new folder.
  deliveries.schemas = schemas;
}

/** Has the configs of one account after the other seen through the new schemas. */
function* changedBy(schemas: SchemasInForce, old: SchemasInForce, watched: WatchedConfigs): TouchedAccounts {
  for (const { configs } of [...watched.accounts]) {
    const touched: Touched[] = [];
    for (const config of [...configs.values()]) {
      const from = schemas.configs.get(config.id);
      if (from === undefined) drop(config, watched);
      else if (old.configs.has(config.id)) {
        touched.push({ config, before: config.state, moved: SCHEMA });
        config.from = from;
      } else touched.push({ config, before: undefined, moved: NOTHING });
    }
    yield touched;
  }
}

function drop(config: WatchedConfig, watched: WatchedConfigs): void {
  for (const subscription of [...config.subscriptions])
    if (subscription.options.configIds !== undefined) subscription.end(noSuchConfig(config.id));
  watched.removeConfig(config);
}
