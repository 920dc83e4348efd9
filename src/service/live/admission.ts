import { type DocumentKey, documentKeys, keyText, type Position, type Store } from "../../store/store.js";
import { noSuchAccount } from "../authorize.js";
import { type LayerVersions, storedLayers } from "../read/stored-layers.js";
import type { LiveSubscription } from "./live-subscription.js";
import type { SchemasInForce } from "./schemas-in-force.js";
import type { WatchedConfig, WatchedConfigs } from "./watched-configs.js";

/** Configs that are read in one call. */
const TARGETS_PER_READ = 250;

/** Somebody who wants to be told of configs from now on. */
export interface Joiner {
  readonly subscription: LiveSubscription;
  /** Whether what the subscriber was told before no longer counts, or is added to. */
  readonly as: "new" | "reset" | "more";
  /** Called once it is told of everything after `position`, with its configs as they are then. */
  readonly admit: (configs: readonly WatchedConfig[]) => void;
  readonly refuse: (error: Error) => void;
}

export interface Watching {
  /** The last position at which something was read; undefined: nothing had to be. */
  readonly position: Position | undefined;
  readonly added: readonly WatchedConfig[];
}

/** The configs of a subscription that there are. */
export function configIdsOf({ options }: LiveSubscription, { configs }: SchemasInForce): readonly string[] {
  const { configIds } = options;
  return configIds === undefined ? [...configs.keys()] : configIds.filter((id) => configs.has(id));
}

/**
 * Reads what joiners subscribe to and nobody has yet, and has it watched. What is read is as of later positions than what is
 * watched: it counts once the engine has come to the last of them.
 */
export async function watchFor(
  joiners: readonly Joiner[],
  store: Pick<Store, "layers">,
  watched: WatchedConfigs,
  schemas: SchemasInForce,
): Promise<Watching> {
  const targets = missingTargets(joiners, watched, schemas);
  const added: WatchedConfig[] = [];
  let position: Position | undefined;
  for (let next = 0; next < targets.length; next += TARGETS_PER_READ) {
    const some = targets.slice(next, next + TARGETS_PER_READ);
    const found = await storedLayers(store, some, "all");
    for (const [index, layers] of found.entries()) {
      const target = some[index];
      if (layers === undefined || target === undefined) continue;
      if (position === undefined || position.sequence < layers.position.sequence) position = layers.position;
      added.push(...watch(target, layers, watched, schemas));
    }
  }
  return { position, added };
}

function missingTargets(
  joiners: readonly Joiner[],
  watched: WatchedConfigs,
  schemas: SchemasInForce,
): DocumentKey[] {
  const targets = new Map<string, DocumentKey>();
  for (const { subscription } of joiners) {
    const { accountId } = subscription.options;
    for (const configId of configIdsOf(subscription, schemas))
      if (watched.account(accountId)?.configs.has(configId) !== true)
        targets.set(keyText({ accountId, configId }), { accountId, configId });
  }
  return [...targets.values()];
}

function watch(
  { configId }: DocumentKey,
  { ancestry, keys, documents, position }: LayerVersions,
  watched: WatchedConfigs,
  { configs }: SchemasInForce,
): WatchedConfig[] {
  const from = configs.get(configId);
  if (ancestry === undefined || from === undefined) return [];
  const [{ id }] = ancestry.lineage;
  const known = watched.account(id);
  if (known?.configs.has(configId)) return [];
  const read = new Map(keys.map((key, index) => [keyText(key), documents[index]]));
  const wanted = documentKeys(known?.lineage ?? ancestry.lineage, configId);
  const isThere = (key: DocumentKey) => watched.document(key) !== undefined || read.has(keyText(key));
  // It may have moved since the position of the engine: then it is read again from there.
  if (!wanted.every(isThere)) return [];
  const account = known ?? watched.addAccount(ancestry.lineage, position.sequence);
  const layers = wanted.map(
    (key) => watched.document(key) ?? watched.addDocument(key, read.get(keyText(key)), position.sequence),
  );
  return [watched.addConfig(account, from, layers)];
}

/** @returns undefined: something is not watched yet. @throws StrataError ACCOUNT_NOT_FOUND */
export function admitted(
  { subscription }: Joiner,
  watched: WatchedConfigs,
  schemas: SchemasInForce,
): WatchedConfig[] | undefined {
  const account = watched.account(subscription.options.accountId);
  if (account === undefined) throw noSuchAccount();
  const found = configIdsOf(subscription, schemas).map((id) => account.configs.get(id));
  return found.every((config) => config !== undefined) ? found : undefined;
}
