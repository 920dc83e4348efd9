import { StrataError } from "../domain/errors.js";
import { resellerLineage } from "../domain/reseller.js";
import type {
  DocumentKey,
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
}

export interface LoadedLayers extends Layers {
  readonly documents: readonly (StoredDocument | undefined)[];
}

/** Where the layers of a config are stored (R1): the account's, its reseller's, the system's. */
export function documentKeys(lineage: Lineage | undefined, configId: string): DocumentKey[] {
  const system: DocumentKey = { accountId: undefined, configId };
  if (lineage === undefined) return [system];
  const reseller = resellerLineage(lineage);
  const own: DocumentKey = { accountId: lineage[0].id, configId };
  return reseller === undefined ? [own, system] : [own, { accountId: reseller[0].id, configId }, system];
}

const ATTEMPTS = 5;

/**
 * Straight from the store, past everything that is remembered: what a write decides on.
 * @returns undefined when there is no such account
 */
export async function freshLayers(store: Store, target: DocumentKey): Promise<LoadedLayers | undefined> {
  const { accountId, configId } = target;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const ancestry = accountId === undefined ? undefined : await freshAncestry(store, accountId);
    if (accountId !== undefined && ancestry === undefined) return undefined;
    const keys = documentKeys(ancestry?.lineage, configId);
    const { documents, tree } = await fromStore(store.getMany(keys));
    // Accounts that moved in between have other layers.
    if (ancestry !== undefined && ancestry.tree !== tree) continue;
    return { ancestry, keys, documents, versions: documents.map((document) => document?.version) };
  }
  throw restless();
}

export async function freshAncestry(store: Store, accountId: string): Promise<Ancestry | undefined> {
  return ancestriesOf(await fromStore(store.lineages([accountId])))[0];
}

export function ancestriesOf({ tree, lineages }: Lineages): (Ancestry | undefined)[] {
  return lineages.map((lineage) => lineage && { lineage, tree });
}

export function restless(): StrataError {
  return new StrataError("STORE_UNAVAILABLE", "Accounts kept being moved while they were read. Try again.");
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
