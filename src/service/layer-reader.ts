import DataLoader from "dataloader";
import type { Principal } from "../auth/principal.js";
import {
  type AccountRecord,
  type DocumentKey,
  documentKeys,
  keyText,
  type Lineage,
  type Revisions,
  type Store,
  type StoredDocument,
  sameVersion,
  type Version,
  versionText,
} from "../store/store.js";
import { sees } from "./authorize.js";
import { LayerMemory } from "./layer-memory.js";
import { type Ancestry, ancestriesOf, freshLayers, fromStore, type Layers, storedLayers } from "./layers.js";
import { ReadTrace } from "./read-trace.js";
import { unhurried } from "./unhurried.js";

/** Where one request reads from: asks the store once for everything that is asked for at the same time. */
export interface LayerReader {
  /** What it has read so far. */
  readonly trace: ReadTrace;
  /** Undefined when there is no such account. */
  ancestry(accountId: string): Promise<Ancestry | undefined>;
  /** The versions of a config's layers, as they are now; undefined when there is no such account. */
  layers(target: DocumentKey): Promise<Layers | undefined>;
  /** The documents of these versions, as far as nobody has to be asked for them; undefined when one of them is missing. */
  remembered(layers: Layers): readonly (StoredDocument | undefined)[] | undefined;
  /** The documents of exactly these versions; undefined when they are no longer there to be read. */
  documents(layers: Layers): Promise<readonly (StoredDocument | undefined)[] | undefined>;
  /** The layers as they are now, documents included. */
  loaded(target: DocumentKey): Promise<Layers | undefined>;
  /** Forgets what it has read: after a write the same request must not see the time before it. */
  clear(): void;
}

/** One that has failed before it began: whatever is asked of it fails for the same reason. */
export function createFailedReader(failure: unknown): LayerReader {
  const fail = () => Promise.reject(failure);
  return {
    trace: new ReadTrace(),
    ancestry: fail,
    layers: fail,
    remembered: () => undefined,
    documents: fail,
    loaded: fail,
    clear: () => {},
  };
}

/** For readers that share no memory with others. */
const SMALL_MEMORY = 16 * 2 ** 20;

/** @param principal what it may not know of is not there for it, and takes the same reads to be found so */
export function createRequestReader(
  store: Store,
  principal: Principal,
  memory = new LayerMemory(SMALL_MEMORY),
): LayerReader {
  const trace = new ReadTrace();
  const accounts = new DataLoader<string, Ancestry | undefined>(async (ids) => {
    const found = ancestriesOf(await fromStore(store.lineages(ids))).map((ancestry) =>
      ancestry !== undefined && sees(principal, ancestry.lineage) ? ancestry : undefined,
    );
    for (const ancestry of found) {
      // Neither what is not there nor what is foreign has a version to tell by.
      if (ancestry === undefined) trace.spoil();
      else trace.lineage(ancestry.lineage);
      for (const account of ancestry?.lineage ?? []) memory.keepAccount(account);
    }
    // Whoever asks for an account often goes on to its ancestors.
    for (const ancestry of found)
      for (const above of ancestorsIn(ancestry)) accounts.prime(above.lineage[0].id, above);
    return found;
  });
  const layers = new DataLoader<DocumentKey, Layers | undefined, string>(
    async (targets) => {
      const found = await readLayers(store, principal, memory, targets);
      for (const each of found) {
        if (each === undefined) trace.spoil();
        else trace.layers(each);
      }
      return found;
    },
    { cacheKeyFn: keyText },
  );
  const documents = new DataLoader<Versioned, StoredDocument | undefined, string>(
    (wanted) => readDocuments(store, memory, wanted),
    { cacheKeyFn: ({ key, version }) => `${keyText(key)}@${versionText(version)}` },
  );
  return {
    trace,
    ancestry: (accountId) => unhurried(principal, () => accounts.load(accountId)),
    layers: (target) => layers.load(target),
    remembered(layers) {
      const { versions } = layers;
      const found = versions.map((_, index) => documentAtHand(memory, layers, index));
      return found.every((document, index) => (document === undefined) === (versions[index] === undefined))
        ? found
        : undefined;
    },
    async documents(layers) {
      const { keys, versions } = layers;
      const found = await Promise.all(
        versions.map((version, index) => {
          const key = keys[index];
          if (version === undefined || key === undefined) return undefined;
          return (
            documentAtHand(memory, layers, index) ?? documents.load({ key, version, isShared: index > 0 })
          );
        }),
      );
      return found.every((document, index) => sameVersion(document?.version, versions[index]))
        ? found
        : undefined;
    },
    async loaded(target) {
      const loaded = await freshLayers(store, target);
      // The versions that were looked at before, and that were gone when their documents were to be read.
      trace.spoil();
      layers.clear(target).prime(target, loaded);
      return loaded;
    },
    clear() {
      accounts.clearAll();
      layers.clearAll();
      documents.clearAll();
    },
  };
}

/** A document that came along with its version, or that is remembered. */
function documentAtHand(
  memory: LayerMemory,
  { keys, versions, documents }: Layers,
  index: number,
): StoredDocument | undefined {
  const [key, version] = [keys[index], versions[index]];
  if (key === undefined || version === undefined) return undefined;
  return documents[index] ?? memory.document(key, version);
}

/**
 * Where the ancestors of all accounts are remembered, one look at the versions of accounts and documents together tells
 * whether they are still the same; otherwise the store finds them, and what is stored under them. All of one moment.
 */
async function readLayers(
  store: Store,
  principal: Principal,
  memory: LayerMemory,
  targets: readonly DocumentKey[],
): Promise<(Layers | undefined)[]> {
  return (await lookAgain(store, principal, memory, targets)) ?? learn(store, principal, memory, targets);
}

/** Undefined: something of it is not remembered, or not as it is now. */
async function lookAgain(
  store: Store,
  principal: Principal,
  memory: LayerMemory,
  targets: readonly DocumentKey[],
): Promise<Layers[] | undefined> {
  const lineages = new Map<string, Lineage>();
  for (const { accountId } of targets) {
    if (accountId === undefined || lineages.has(accountId)) continue;
    const lineage = recalled(memory, accountId);
    if (lineage === undefined || !sees(principal, lineage)) return undefined;
    lineages.set(accountId, lineage);
  }
  const wanted = targets.map((target) => keysOf(target, lineages));
  const look = await lookAt(store, [...lineages.values()], wanted.flat());
  if (![...lineages.values()].every((lineage) => look.holds(lineage))) return undefined;
  return targets.map(({ accountId }, index) => {
    const lineage = accountId === undefined ? undefined : lineages.get(accountId);
    const keys = wanted[index] ?? [];
    const versions = keys.map(look.versionOf);
    return { ancestry: lineage && { lineage, tree: look.tree }, keys, versions, documents: [] };
  });
}

async function learn(
  store: Store,
  principal: Principal,
  memory: LayerMemory,
  targets: readonly DocumentKey[],
): Promise<(Layers | undefined)[]> {
  const found = await storedLayers(store, targets, "own");
  return found.map((layers) => {
    if (layers === undefined) return undefined;
    const { ancestry, keys, documents } = layers;
    if (ancestry !== undefined && !sees(principal, ancestry.lineage)) return undefined;
    for (const account of ancestry?.lineage ?? []) memory.keepAccount(account);
    const [[key], [own]] = [keys, documents];
    if (key !== undefined && own !== undefined) memory.keepDocument(key, own, ancestry === undefined);
    return layers;
  });
}

function keysOf({ accountId, configId }: DocumentKey, lineages: ReadonlyMap<string, Lineage>): DocumentKey[] {
  if (accountId === undefined) return documentKeys(undefined, configId);
  const lineage = lineages.get(accountId);
  return lineage === undefined ? [] : documentKeys(lineage, configId);
}

interface Look extends Pick<Revisions, "tree"> {
  /** Whether every account of the lineage is as it was remembered. */
  holds(lineage: Lineage): boolean;
  versionOf(this: void, key: DocumentKey): Version | undefined;
}

async function lookAt(
  store: Store,
  lineages: readonly Lineage[],
  keys: readonly DocumentKey[],
): Promise<Look> {
  const accounts = [...new Set(lineages.flatMap((lineage) => lineage.map(({ id }) => id)))];
  const documents = [...new Map(keys.map((key) => [keyText(key), key])).values()];
  const found = await fromStore(store.revisions({ accounts, documents }));
  const accountVersions = new Map(accounts.map((id, index) => [id, found.accounts[index]]));
  const versions = new Map(documents.map((key, index) => [keyText(key), found.documents[index]]));
  return {
    tree: found.tree,
    holds: (lineage) => lineage.every(({ id, version }) => sameVersion(accountVersions.get(id), version)),
    versionOf: (key) => versions.get(keyText(key)),
  };
}

/** A lineage put together from memory; it may never have been one. */
function recalled(memory: LayerMemory, id: string): Lineage | undefined {
  const first = memory.account(id);
  if (first === undefined) return undefined;
  const lineage: [AccountRecord, ...AccountRecord[]] = [first];
  for (let last = first; last.parentId !== undefined; ) {
    const parent = memory.account(last.parentId);
    // Accounts that changed places may be remembered as each other's ancestors.
    if (parent === undefined || lineage.includes(parent)) return undefined;
    lineage.push(parent);
    last = parent;
  }
  return lineage;
}

interface Versioned {
  readonly key: DocumentKey;
  readonly version: Version;
  /** Whether it is below the layer of the account that is read. */
  readonly isShared: boolean;
}

/** A document may have moved on since its version was seen: then it has another one. */
async function readDocuments(
  store: Store,
  memory: LayerMemory,
  wanted: readonly Versioned[],
): Promise<(StoredDocument | undefined)[]> {
  const { documents } = await fromStore(store.getMany(wanted.map(({ key }) => key)));
  for (const [index, { key, isShared }] of wanted.entries()) {
    const document = documents[index];
    if (document !== undefined) memory.keepDocument(key, document, isShared);
  }
  return [...documents];
}

function ancestorsIn(ancestry: Ancestry | undefined): Ancestry[] {
  if (ancestry === undefined) return [];
  const { lineage, tree } = ancestry;
  return lineage
    .slice(1)
    .map((_, index) => ({ tree, lineage: lineage.slice(index + 1) as unknown as Lineage }));
}
