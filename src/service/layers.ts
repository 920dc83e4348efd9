import { StrataError } from "../domain/errors.js";
import type {
  DocumentKey,
  LayerBodies,
  Lineage,
  Lineages,
  Store,
  StoredDocument,
  TreeToken,
  Version,
} from "../store/store.js";

/** An account with its ancestors, and the tree they were read from. */
export interface Ancestry {
  readonly lineage: Lineage;
  readonly tree: TreeToken;
}

/** The stored layers of one config, highest precedence first, all as of one moment. */
export interface Layers {
  /** Undefined for the system level. */
  readonly ancestry: Ancestry | undefined;
  readonly keys: readonly DocumentKey[];
  readonly versions: readonly (Version | undefined)[];
  /** Of the first keys, as many as were read along with the versions. */
  readonly documents: readonly (StoredDocument | undefined)[];
}

/**
 * Straight from the store, past everything that is remembered: what a write decides on.
 * @returns undefined when there is no such account
 */
export async function freshLayers(store: Store, target: DocumentKey): Promise<Layers | undefined> {
  const [layers] = await storedLayers(store, [target], "all");
  return layers;
}

/** Undefined where there is no such account. */
export async function storedLayers(
  store: Store,
  targets: readonly DocumentKey[],
  bodies: LayerBodies,
): Promise<(Layers | undefined)[]> {
  const { tree, configs } = await fromStore(store.layers(targets, bodies));
  return configs.map((config) => {
    if (config === undefined) return undefined;
    const { lineage, keys, versions, documents } = config;
    return { ancestry: lineage && { lineage, tree }, keys, versions, documents };
  });
}

export async function freshAncestry(store: Store, accountId: string): Promise<Ancestry | undefined> {
  return ancestriesOf(await fromStore(store.lineages([accountId])))[0];
}

export function ancestriesOf({ tree, lineages }: Lineages): (Ancestry | undefined)[] {
  return lineages.map((lineage) => lineage && { lineage, tree });
}

/**
 * What a caller is told when the store cannot answer. What the store itself says of it names folders and hosts: that
 * is for the log, as the cause.
 */
export async function fromStore<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    throw new StrataError("STORE_UNAVAILABLE", "The store cannot answer now. Try again.", { cause });
  }
}
