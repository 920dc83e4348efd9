import type { Principal } from "../../auth/principal.js";
import type { StoreReads } from "../../store/store.js";
import { authorize, noSuchAccount } from "../authorize.js";
import type { ConfigCatalog, ConfigTarget } from "../config-catalog.js";
import { type ConfigSnapshot, snapshotOf } from "./config-snapshot.js";
import { mergeOf } from "./merged-configs.js";
import { createRequestReader } from "./request-reader.js";

/**
 * A config as it is now, past every cache: for commands that look at each config once.
 * @throws StrataError ACCOUNT_NOT_FOUND, CONFIG_NOT_FOUND, STORE_UNAVAILABLE
 */
export async function wholeConfig(
  reads: StoreReads,
  catalog: ConfigCatalog,
  principal: Principal,
  target: ConfigTarget,
): Promise<ConfigSnapshot> {
  const config = catalog.perspective(principal, target);
  const layers = await createRequestReader(reads, principal).wholeLayers(target);
  if (layers === undefined) throw noSuchAccount();
  const { ancestry, ...read } = layers;
  const view = authorize(principal, "read", ancestry?.lineage);
  const merged = mergeOf(config.perspective, layers.documents);
  return snapshotOf(config, { layers: { ...read, lineage: ancestry?.lineage }, config: merged }, view);
}
