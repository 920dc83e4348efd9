import type {
  DocumentKey,
  LayerBodies,
  Lineage,
  Lineages,
  Position,
  Store,
  StoredDocument,
  TreeToken,
  Version,
} from "../../store/store.js";
import { fromStore } from "../from-store.js";

/** An account with its ancestors, and the tree they were read from. */
export interface Ancestry {
  readonly lineage: Lineage;
  readonly tree: TreeToken;
}

/** The stored layers of one config with their versions, highest precedence first, all as of one moment. */
export interface LayerVersions {
  /** Undefined for the system level. */
  readonly ancestry: Ancestry | undefined;
  readonly keys: readonly DocumentKey[];
  readonly versions: readonly (Version | undefined)[];
  /** Of the first layers, as many as were read along with the versions: none, the own one, or all. */
  readonly documents: readonly (StoredDocument | undefined)[];
  /** The store's position at which they were read. */
  readonly position: Position;
}

/** Undefined where there is no such account. */
export async function storedLayers(
  store: Pick<Store, "layers">,
  targets: readonly DocumentKey[],
  bodies: LayerBodies,
): Promise<(LayerVersions | undefined)[]> {
  const { tree, incarnation, sequence, configs } = await fromStore(store.layers(targets, bodies));
  const position = { incarnation, sequence };
  return configs.map((config) => {
    if (config === undefined) return undefined;
    const { lineage, keys, versions, documents } = config;
    return { ancestry: lineage && { lineage, tree }, keys, versions, documents, position };
  });
}

export function ancestriesOf({ tree, lineages }: Lineages): (Ancestry | undefined)[] {
  return lineages.map((lineage) => lineage && { lineage, tree });
}
