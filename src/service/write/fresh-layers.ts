import type { DocumentKey, Store } from "../../store/store.js";
import { fromStore } from "../from-store.js";
import { type Ancestry, ancestriesOf, type LayerVersions, storedLayers } from "../read/stored-layers.js";

/**
 * What a write decides on (R13): straight from the store, past every cache, with all documents and the
 * blame of its own.
 * @returns undefined when there is no such account
 */
export async function freshLayers(store: Store, target: DocumentKey): Promise<LayerVersions | undefined> {
  const [layers] = await storedLayers(store, [target], "write");
  return layers;
}

export async function freshAncestry(store: Store, accountId: string): Promise<Ancestry | undefined> {
  return ancestriesOf(await fromStore(store.lineages([accountId])))[0];
}
