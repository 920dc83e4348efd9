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
export type AccountReads = Pick<Store, "inheriting" | "layers" | "documents">;

/** Accounts that are listed at a time, and documents that are read at a time: half a millisecond's work each at most, unless they are large. */
const ACCOUNTS = 50;
const DOCUMENTS = 16;

/** The same as `reachedInBatches`, one by one. */
export async function* reachedAccounts(
  ...of: Parameters<typeof reachedInBatches>
): AsyncGenerator<ReachedAccount> {
  for await (const batch of reachedInBatches(...of)) yield* batch;
}

/**
 * The accounts that a write reaches, in the order of the tree. To be told of a million accounts one by one takes seconds.
 * @param readsDocuments whether their own documents are wanted
 * @param after goes on behind this account; absent: from the first
 * @throws StrataError STORE_UNAVAILABLE
 */
export async function* reachedInBatches(
  store: AccountReads,
  scope: ImpactScope,
  readsDocuments: boolean,
  after?: AccountPath,
): AsyncGenerator<readonly ReachedAccount[]> {
  const { configId, topId, throughResellers, top, below } = scope;
  if (top !== undefined && after === undefined) {
    const [own] = readsDocuments ? await ownDocuments(store, [topId], configId) : [];
    yield [{ path: [], id: topId, inheritance: top, own }];
  }
  if (below === undefined) return;
  const place = after?.length === 0 ? undefined : after;
  const stack = await InheritanceStack.at(store, scope, below, place ?? []);
  const list = (behind: AccountPath | undefined) => {
    const of = { accountId: topId, configId, throughResellers, limit: ACCOUNTS };
    const accounts = fromStore(store.inheriting(behind === undefined ? of : { after: behind, ...of }));
    // Whoever wants no more does not wait for it.
    accounts.catch(() => {});
    return accounts;
  };
  for (
    let listing: Promise<readonly InheritingAccount[]> | undefined = list(place);
    listing !== undefined;
  ) {
    const accounts: readonly InheritingAccount[] = await listing;
    const last = accounts.length < ACCOUNTS ? undefined : accounts.at(-1)?.path;
    // On its way while these are looked at: a store on the network takes as long to list accounts as that takes.
    listing = last && list(last);
    for (const some of readsDocuments ? withFewDocuments(accounts) : [accounts]) {
      const documents = readsDocuments ? await documentsOf(store, configId, some) : NONE;
      yield some.map((account) => {
        const { path } = account;
        const id = path.at(-1) ?? topId;
        const own = account.hasDocument ? documents.get(id) : undefined;
        const inheritance = stack.inheritedBy(path);
        stack.enter(account, own);
        return { path, id, inheritance, own };
      });
    }
  }
}

const NONE: ReadonlyMap<string, StoredDocument | undefined> = new Map();

/** Pieces of a list that have equally many documents, and not too many. */
function* withFewDocuments(accounts: readonly InheritingAccount[]): Generator<readonly InheritingAccount[]> {
  const total = accounts.filter(({ hasDocument }) => hasDocument).length;
  const atMost = Math.ceil(total / Math.max(1, Math.ceil(total / DOCUMENTS)));
  let [from, documents] = [0, 0];
  for (const [index, { hasDocument }] of accounts.entries()) {
    if (hasDocument && documents === atMost) {
      yield accounts.slice(from, index);
      [from, documents] = [index, 0];
    }
    if (hasDocument) documents++;
  }
  yield accounts.slice(from);
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
