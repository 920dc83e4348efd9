import DataLoader from "dataloader";
import { StrataError } from "../domain/errors.js";
import type { DocumentKey, Lineage, Lineages, Store, StoredDocument, TreeToken } from "../store/store.js";

/** An account with its ancestors, and the tree they were read from. */
export interface Ancestry {
  readonly lineage: Lineage;
  readonly tree: TreeToken;
}

/** Where the use-cases read from. */
export interface LayerReader {
  /** Undefined when there is no such account. */
  ancestry(accountId: string): Promise<Ancestry | undefined>;
  /** The documents of one config's layers, all as of one moment; missing ones are undefined. */
  documents(keys: readonly DocumentKey[]): Promise<(StoredDocument | undefined)[]>;
}

/** Reads the store at every call: what a write decides on. */
export function createFreshReader(store: Store): LayerReader {
  return {
    async ancestry(accountId) {
      return ancestries(await fromStore(store.lineages([accountId])))[0];
    },
    async documents(keys) {
      return [...(await fromStore(store.getMany(keys))).documents];
    },
  };
}

/** A reader for one request: asks the store once for everything that is asked for at the same time. */
export interface RequestReader extends LayerReader {
  /** Forgets what it has read: after a write the same request must not see the time before it. */
  clear(): void;
}

export function createRequestReader(store: Store): RequestReader {
  const accounts = new DataLoader<string, Ancestry | undefined>(async (ids) => {
    const found = ancestries(await fromStore(store.lineages(ids)));
    // Whoever asks for an account often goes on to its ancestors.
    for (const ancestry of found)
      for (const above of ancestorsIn(ancestry)) accounts.prime(above.lineage[0].id, above);
    return found;
  });
  // The layers of one config are one entry: whenever they are read, all of them are of the same moment.
  const layers = new DataLoader<readonly DocumentKey[], (StoredDocument | undefined)[], string>(
    async (groups) => {
      // Most configs have a layer in common with others.
      const keys = new Map(groups.flat().map((key) => [nameOf(key), key]));
      const { documents } = await fromStore(store.getMany([...keys.values()]));
      const found = new Map([...keys.keys()].map((name, index) => [name, documents[index]]));
      return groups.map((group) => group.map((key) => found.get(nameOf(key))));
    },
    { cacheKeyFn: (keys) => keys.map(nameOf).join(" ") },
  );
  return {
    ancestry: (accountId) => accounts.load(accountId),
    documents: (keys) => layers.load(keys),
    clear() {
      accounts.clearAll();
      layers.clearAll();
    },
  };
}

function nameOf({ accountId, configId }: DocumentKey): string {
  return `${accountId ?? ""}/${configId}`;
}

function ancestorsIn(ancestry: Ancestry | undefined): Ancestry[] {
  if (ancestry === undefined) return [];
  const { lineage, tree } = ancestry;
  return lineage
    .slice(1)
    .map((_, index) => ({ tree, lineage: lineage.slice(index + 1) as unknown as Lineage }));
}

function ancestries({ tree, lineages }: Lineages): (Ancestry | undefined)[] {
  return lineages.map((lineage) => lineage && { lineage, tree });
}

/** @throws StrataError ACCOUNT_NOT_FOUND */
export async function requireAncestry(reader: LayerReader, accountId: string): Promise<Ancestry> {
  const ancestry = await reader.ancestry(accountId);
  if (ancestry === undefined) {
    throw new StrataError("ACCOUNT_NOT_FOUND", "There is no such account, or you may not see it.");
  }
  return ancestry;
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
