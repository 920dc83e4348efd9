import type { DocumentKey, StoredDocument, StoreReads } from "../../src/store/store.js";

/** The documents under some keys, all as of one moment. Undefined also where there is no such account. */
export async function storedDocuments(
  store: Pick<StoreReads, "layers">,
  keys: readonly DocumentKey[],
): Promise<(StoredDocument | undefined)[]> {
  const { configs } = await store.layers(keys, "own");
  return configs.map((config) => config?.documents[0]);
}
