import { noSuchConfig } from "../config-catalog.js";
import { yieldToEventLoop } from "../yield-to-event-loop.js";
import type { Deliveries, Touched } from "./deliveries.js";
import type { LiveSubscription } from "./live-subscription.js";
import type { SchemasInForce } from "./schemas-in-force.js";
import type { WatchedConfig, WatchedConfigs } from "./watched-configs.js";

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
  const touched = new Map<WatchedConfig, Touched>();
  for (const subscription of ofAll)
    for (const config of watched.account(subscription.options.accountId)?.configs.values() ?? []) {
      if (old.configs.has(config.id) || subscription.hasEnded || subscription.isLost) continue;
      config.subscriptions.add(subscription);
      touched.set(config, { before: undefined, moved: new Set() });
    }
  for (const account of [...watched.accounts])
    for (const config of [...account.configs.values()]) {
      await yieldToEventLoop();
      const from = schemas.configs.get(config.id);
      if (from === undefined) drop(config, watched);
      else if (old.configs.has(config.id)) {
        touched.set(config, { before: config.state, moved: new Set(["SCHEMA"]) });
        config.from = from;
      }
    }
  watched.everythingMoved(position.sequence);
  await deliveries.tellRound(touched, { position, before: "reset" });
  // Not before: until then no bookmark may say that everybody was told of the new folder.
  deliveries.schemas = schemas;
}

function drop(config: WatchedConfig, watched: WatchedConfigs): void {
  for (const subscription of [...config.subscriptions])
    if (subscription.options.configIds !== undefined) subscription.end(noSuchConfig(config.id));
  watched.removeConfig(config);
}
