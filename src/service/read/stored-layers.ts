import {
  type DocumentKey,
  documentKeys,
  keyText,
  type LayerBodies,
  type Lineage,
  type Lineages,
  type Position,
  type Store,
  type StoredDocument,
  sameVersion,
  type TreeToken,
  type Version,
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

/**
 * The versions of the layers that cached lineages lead to. The same call tells whether the lineages still hold.
 * @returns undefined when they do not
 */
export async function versionsUnder(
  store: Pick<Store, "versions">,
  lineages: ReadonlyMap<string, Lineage>,
  targets: readonly DocumentKey[],
): Promise<LayerVersions[] | undefined> {
  const lineageOf = ({ accountId }: DocumentKey) =>
    accountId === undefined ? undefined : lineages.get(accountId);
  const keys = targets.map((target) => documentKeys(lineageOf(target), target.configId));
  const documents = new Map(keys.flat().map((key) => [keyText(key), key]));
  const accounts = new Map([...lineages.values()].flat().map((account) => [account.id, account.version]));
  const now = await fromStore(
    store.versions({ accounts: [...accounts.keys()], documents: [...documents.values()] }),
  );
  if (![...accounts.values()].every((version, index) => sameVersion(version, now.accounts[index])))
    return undefined;
  const versions = new Map([...documents.keys()].map((name, index) => [name, now.documents[index]]));
  return targets.map((target, index) => {
    const lineage = lineageOf(target);
    const own = keys[index] ?? [];
    return {
      ancestry: lineage && { lineage, tree: now.tree },
      keys: own,
      versions: own.map((key) => versions.get(keyText(key))),
      documents: [],
      position: { incarnation: now.incarnation, sequence: now.sequence },
    };
  });
}
