import type { AccountPath, InheritingAccount, Store, StoredDocument } from "../../store/store.js";
import { fromStore } from "../from-store.js";
import { type ImpactScope, type Inheritance, ownDocuments } from "./impact-scope.js";

/** An account that a write reaches, with what it has and what it inherits. */
export interface ReachedAccount {
  /** From the scope's top account down; empty: it is that one. */
  readonly path: AccountPath;
  readonly id: string;
  readonly inheritance: Inheritance;
  /** Undefined where none is stored, and where documents are not asked for. */
  readonly own: StoredDocument | undefined;
}

/** What of a store it takes to look at accounts. */
export type AccountReads = Pick<Store, "inheriting" | "layers">;

/** Accounts that are listed at a time, and documents that are read at a time: they may be large. */
const ACCOUNTS = 500;
const DOCUMENTS = 32;

/**
 * The accounts that a write reaches, in the order of the tree.
 * @param readsDocuments whether their own documents are wanted
 * @param after goes on behind this account; absent: from the first
 * @throws StrataError STORE_UNAVAILABLE
 */
export async function* reachedAccounts(
  store: AccountReads,
  scope: ImpactScope,
  readsDocuments: boolean,
  after?: AccountPath,
): AsyncGenerator<ReachedAccount> {
  const { configId, topId, throughResellers, top, below } = scope;
  if (top !== undefined && after === undefined) {
    const [own] = readsDocuments ? await ownDocuments(store, [topId], configId) : [];
    yield { path: [], id: topId, inheritance: top, own };
  }
  if (below === undefined) return;
  const place = after?.length === 0 ? undefined : after;
  const stack = await InheritanceStack.at(store, scope, below, place ?? []);
  for (let next = place; ; ) {
    const of = { accountId: topId, configId, throughResellers, limit: ACCOUNTS };
    const accounts = await fromStore(store.inheriting(next === undefined ? of : { ...of, after: next }));
    for (let from = 0; from < accounts.length; from += DOCUMENTS) {
      const some = accounts.slice(from, from + DOCUMENTS);
      const documents = readsDocuments ? await documentsOf(store, configId, some) : new Map();
      for (const account of some) {
        const id = account.path.at(-1) ?? topId;
        const own = documents.get(id);
        const inheritance = stack.inheritedBy(account.path);
        stack.enter(account, own);
        yield { path: account.path, id, inheritance, own };
      }
    }
    next = accounts.at(-1)?.path;
    if (next === undefined || accounts.length < ACCOUNTS) return;
  }
}

async function documentsOf(
  store: AccountReads,
  configId: string,
  accounts: readonly InheritingAccount[],
): Promise<Map<string, StoredDocument | undefined>> {
  const ids = accounts.flatMap(({ path, hasDocument }) => (hasDocument ? (path.at(-1) ?? []) : []));
  const documents = ids.length === 0 ? [] : await ownDocuments(store, ids, configId);
  return new Map(ids.map((id, index) => [id, documents[index]]));
}

/** What the accounts at each depth of the way down inherit. */
class InheritanceStack {
  /** By the depth of the account above. */
  readonly #passedOn: Inheritance[];

  private constructor(
    private readonly scope: ImpactScope,
    below: Inheritance,
  ) {
    this.#passedOn = [below];
  }

  /** @param path of the account behind which to go on */
  static async at(
    store: AccountReads,
    scope: ImpactScope,
    below: Inheritance,
    path: AccountPath,
  ): Promise<InheritanceStack> {
    const stack = new InheritanceStack(scope, below);
    if (path.length === 0) return stack;
    const targets = path.map((accountId) => ({ accountId, configId: scope.configId }));
    const { configs } = await fromStore(store.layers(targets, "own"));
    for (const [index, config] of configs.entries()) {
      const isReseller = config?.lineage?.[0].isReseller === true;
      stack.enter({ path: path.slice(0, index + 1), isReseller }, config?.documents[0]);
    }
    return stack;
  }

  inheritedBy(path: AccountPath): Inheritance {
    return this.#passedOn[path.length - 1] as Inheritance;
  }

  /** From now on it is about what is below this account. */
  enter({ path, isReseller }: Omit<InheritingAccount, "hasDocument">, own: StoredDocument | undefined): void {
    this.#passedOn[path.length] = isReseller
      ? this.scope.belowReseller(own)
      : (this.#passedOn[path.length - 1] as Inheritance);
  }
}
