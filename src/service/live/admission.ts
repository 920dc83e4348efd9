import { type DocumentKey, keyText, type Store } from "../../store/store.js";
import { noSuchConfig } from "../config-catalog.js";
import { type LayerVersions, storedLayers } from "../read/stored-layers.js";
import { BACKGROUND_MS, yieldToEventLoop } from "../yield-to-event-loop.js";
import type { LiveSubscription } from "./live-subscription.js";
import type { SchemasInForce } from "./schemas-in-force.js";
import { type WatchedConfig, type WatchedConfigs, WatchedDocument } from "./watched-configs.js";

/** Configs that are read in one call. */
const TARGETS_PER_READ = 250;

/** Somebody who wants to be told of configs from now on. */
export interface Joiner {
  readonly subscription: LiveSubscription;
  /** Whether it comes for the first time, or what it was told before no longer counts. */
  readonly as: "new" | "reset";
  /** Called once it is told of everything after `position`, with its configs as they are then. */
  readonly admit: (configs: readonly WatchedConfig[]) => void;
  readonly refuse: (error: Error) => void;
}

/** Some configs as they are stored, all as of one position. */
export interface StoredTargets {
  readonly targets: readonly DocumentKey[];
  /** Undefined where there is no such account. */
  readonly layers: readonly (LayerVersions | undefined)[];
}

/** The configs of a subscription that there are. */
function configIdsOf({ options }: LiveSubscription, { configs }: SchemasInForce): readonly string[] {
  const { configIds } = options;
  return configIds === undefined ? [...configs.keys()] : configIds.filter((id) => configs.has(id));
}

/** What is subscribed to and not watched yet, read in parts: each is of a later position than the one before it. */
export async function* unwatched(
  subscriptions: readonly LiveSubscription[],
  store: Pick<Store, "layers">,
  watched: WatchedConfigs,
  schemas: SchemasInForce,
): AsyncGenerator<StoredTargets> {
  const missing = await missingTargets(subscriptions, watched, schemas);
  for (let next = 0; next < missing.length; next += TARGETS_PER_READ) {
    const targets = missing.slice(next, next + TARGETS_PER_READ);
    yield { targets, layers: await storedLayers(store, targets, "all") };
  }
}

async function missingTargets(
  subscriptions: readonly LiveSubscription[],
  watched: WatchedConfigs,
  schemas: SchemasInForce,
): Promise<DocumentKey[]> {
  const targets = new Map<string, DocumentKey>();
  for (const subscription of subscriptions) {
    await yieldToEventLoop(BACKGROUND_MS);
    const { accountId } = subscription.options;
    for (const configId of configIdsOf(subscription, schemas))
      if (watched.account(accountId)?.configs.has(configId) !== true)
        targets.set(keyText({ accountId, configId }), { accountId, configId });
  }
  return [...targets.values()];
}

/** Has configs watched that were read at exactly the position to which everything else that is watched has come. */
export function watch(
  { targets, layers }: StoredTargets,
  watched: WatchedConfigs,
  { configs }: SchemasInForce,
): WatchedConfig[] {
  const added: WatchedConfig[] = [];
  for (const [index, { configId }] of targets.entries()) {
    const [found, from] = [layers[index], configs.get(configId)];
    if (found?.ancestry === undefined || from === undefined) continue;
    const { ancestry, keys, documents, position } = found;
    const account = watched.account(ancestry.lineage[0].id) ?? watched.addAccount(ancestry.lineage);
    const ofLayers = keys.map(
      (key, layer) => watched.document(key) ?? new WatchedDocument(key, documents[layer], position.sequence),
    );
    added.push(watched.addConfig(account, from, ofLayers));
  }
  return added;
}

/** @returns undefined: something is not watched. @throws StrataError CONFIG_NOT_FOUND */
export function admitted(
  { subscription }: Joiner,
  watched: WatchedConfigs,
  schemas: SchemasInForce,
): WatchedConfig[] | undefined {
  const { accountId, configIds } = subscription.options;
  const gone = configIds?.find((id) => !schemas.configs.has(id));
  if (gone !== undefined) throw noSuchConfig(gone);
  const account = watched.account(accountId);
  const found = configIdsOf(subscription, schemas).map((id) => account?.configs.get(id));
  return found.every((config) => config !== undefined) ? found : undefined;
}
