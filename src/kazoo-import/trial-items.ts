import type { ArchiveItem } from "../store/archive.js";
import {
  type AccountRecord,
  type DocumentKey,
  documentKeys,
  keyText,
  type Lineage,
  type Store,
} from "../store/store.js";
import type { KazooDocuments } from "./kazoo-documents.js";

/** The items of a store that an import reads or writes. */
export interface TrialItems {
  readonly items: readonly ArchiveItem[];
  /** The store's newest commit: none of them is newer. */
  readonly sequence: number;
}

const AT_ONCE = 500;

/**
 * The accounts of KAZOO's documents with all above them, as far as the store has them, and the documents that any layer
 * of their configs has: enough to decide every write of the import as the store itself would.
 */
export async function itemsForTrial(store: Store, found: KazooDocuments): Promise<TrialItems> {
  const rootId = await store.rootId();
  const named = new Set([
    ...(rootId === undefined ? [] : [rootId]),
    ...[...found.accounts.values()].flatMap(({ id, ancestors }) => [id, ...ancestors]),
    ...found.configs.flatMap(({ accountId }) => accountId ?? []),
  ]);
  const accounts = new Map<string, AccountRecord>();
  const lineages = new Map<string, Lineage>();
  for (const ids of groupsOf([...named])) {
    for (const lineage of (await store.lineages(ids)).lineages) {
      if (lineage === undefined) continue;
      lineages.set(lineage[0].id, lineage);
      for (const account of lineage) accounts.set(account.id, account);
    }
  }
  const keys = new Map<string, DocumentKey>();
  const configIds = new Set(found.configs.map(({ configId }) => configId));
  const wanted = [
    ...found.configs.map(({ accountId, configId }) => ({ accountId, configId })),
    ...[...accounts.values()]
      .filter(isReadByOthers)
      .flatMap(({ id }) => [...configIds].map((configId) => ({ accountId: id, configId }))),
  ];
  for (const { accountId, configId } of wanted) {
    const lineage = accountId === undefined ? undefined : lineages.get(accountId);
    for (const key of documentKeys(lineage, configId)) keys.set(keyText(key), key);
  }
  const items: ArchiveItem[] = [...accounts.values()].map((account) => ({ on: "account", account }));
  for (const some of groupsOf([...keys.values()])) items.push(...(await documentItems(store, some)));
  const { sequence } = await store.versions({ accounts: [], documents: [] });
  return { items, sequence };
}

/** A new account below it takes its configs for its own RESELLER layer. */
function isReadByOthers({ isReseller, parentId }: AccountRecord): boolean {
  return isReseller || parentId === undefined;
}

async function documentItems(store: Store, keys: readonly DocumentKey[]): Promise<ArchiveItem[]> {
  const documents = await store.documents(keys);
  return keys.flatMap((key, index): ArchiveItem[] => {
    const document = documents[index];
    if (document === undefined) return [];
    const { version, override, updatedAt: at, updatedBy: by } = document;
    const text = override === undefined ? undefined : JSON.stringify(override);
    return [{ on: "document", key, version, kind: text === undefined ? "RESET" : "SET", at, by, text }];
  });
}

function* groupsOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += AT_ONCE) yield items.slice(at, at + AT_ONCE);
}
