import { noSuchConfig } from "../config-catalog.js";
import { type Deliveries, subscriptionsOf, type Touched } from "./deliveries.js";
import type { LiveSubscription } from "./live-subscription.js";
import type { SchemasInForce } from "./schemas-in-force.js";
import type { WatchedConfig, WatchedConfigs } from "./watched-configs.js";

/**
 * Takes the engine from one schema folder to another, between two commits, and tells subscribers what that changed. Whoever
 * named a config that there is no more is told so; whoever wanted all is told nothing of it any more.
 * @returns those who wanted all: there may be configs that they have not been told of
 */
export async function changeSchemas(
  schemas: SchemasInForce,
  deliveries: Deliveries,
  watched: WatchedConfigs,
): Promise<readonly LiveSubscription[]> {
  const old = deliveries.schemas;
  deliveries.schemas = schemas;
  const touched = new Map<WatchedConfig, Touched>();
  const incomplete = new Set<LiveSubscription>();
  const hasMore = [...schemas.configs.keys()].some((id) => !old.configs.has(id));
  for (const account of [...watched.accounts]) {
    if (hasMore)
      for (const subscription of subscriptionsOf(account))
        if (subscription.options.configIds === undefined) incomplete.add(subscription);
    for (const config of [...account.configs.values()]) {
      const from = schemas.configs.get(config.id);
      if (from === undefined) drop(config, watched);
      else {
        touched.set(config, { before: config.state, moved: new Set(["SCHEMA"]) });
        config.from = from;
      }
    }
  }
  watched.everythingMoved(deliveries.position.sequence);
  // Cursors of the old folder do not count any more: of what is not told yet nothing was told.
  await deliveries.tellRound(touched, { position: deliveries.position, before: "reset" });
  return [...incomplete];
}

function drop(config: WatchedConfig, watched: WatchedConfigs): void {
  for (const subscription of [...config.subscriptions])
    if (subscription.options.configIds !== undefined) subscription.end(noSuchConfig(config.id));
  watched.removeConfig(config);
}
