import type { Api } from "../api/api.js";
import {
  type AccountItemFragment,
  AccountPathDocument,
  type AccountPathQuery,
  AccountsDocument,
} from "../api/operations.generated.js";
import { createStore, type Store } from "../store.js";

export type AccountItem = AccountItemFragment;

/** The accounts right below one that have been read so far. */
export interface Level {
  readonly ids: readonly string[];
  /** Where to go on; null: all of them are here. */
  readonly after: string | null;
  readonly isComplete: boolean;
}

export interface AccountIndexState {
  readonly accounts: ReadonlyMap<string, AccountItem>;
  /** By the account above; null for those without one. */
  readonly levels: ReadonlyMap<string | null, Level>;
  readonly total: number | null;
  readonly error: unknown;
}

export interface AccountIndex {
  readonly state: Store<AccountIndexState>;
  /** Reads the first accounts: all of them, where they are not too many. */
  start(): Promise<void>;
  /** Reads the next accounts below one. */
  more(parentId: string): Promise<void>;
  /** Reads the way from the top to an account of a tree that is not known as a whole, and what stands beside it. */
  reveal(accountId: string): Promise<void>;
  /** Looks through all accounts, page by page. @returns false when it was told to stop */
  search(
    matches: (account: AccountItem) => boolean,
    onFound: (found: AccountItem[], looked: number) => boolean,
  ): Promise<void>;
}

/** So many accounts are read at once: a tree of that size is known as a whole. */
const FIRST = 500;
const PAGE = 50;
const SEARCH_PAGE = 1_000;
/** A search ends after so many pages: a hundred thousand accounts. */
const SEARCH_PAGES = 100;

const NONE: Level = { ids: [], after: null, isComplete: false };

export function createAccountIndex(api: Api): AccountIndex {
  const state = createStore<AccountIndexState>({
    accounts: new Map(),
    levels: new Map(),
    total: null,
    error: null,
  });
  const fail = (error: unknown) => state.update((before) => ({ ...before, error }));
  return {
    state,
    async start() {
      try {
        const { accounts } = await api.run(AccountsDocument, { first: FIRST });
        if (accounts === null) return;
        state.set({
          ...grown(accounts.nodes, !accounts.pageInfo.hasNextPage),
          total: accounts.totalCount,
          error: null,
        });
      } catch (error) {
        fail(error);
      }
    },
    async more(parentId) {
      const level = state.get().levels.get(parentId) ?? NONE;
      if (level.isComplete) return;
      try {
        const { accounts } = await api.run(AccountsDocument, { parentId, first: PAGE, after: level.after });
        if (accounts === null) return;
        const { nodes, pageInfo } = accounts;
        state.update((before) =>
          extended(before, parentId, nodes, pageInfo.hasNextPage ? pageInfo.endCursor : null),
        );
      } catch (error) {
        fail(error);
      }
    },
    async reveal(accountId) {
      try {
        const { account } = await api.run(AccountPathDocument, { id: accountId });
        const path = pathOf(account);
        state.update((before) => path.reduce(withChild, before));
        for (const { id } of path.slice(0, -1)) if (!state.get().levels.get(id)?.after) await this.more(id);
      } catch (error) {
        fail(error);
      }
    },
    async search(matches, onFound) {
      let after: string | null = null;
      for (let page = 0, looked = 0; page < SEARCH_PAGES; page += 1) {
        const { accounts }: { accounts: Page | null } = await api.run(AccountsDocument, {
          first: SEARCH_PAGE,
          after,
        });
        if (accounts === null) return;
        looked += accounts.nodes.length;
        if (!onFound(accounts.nodes.filter(matches), looked) || !accounts.pageInfo.hasNextPage) return;
        after = accounts.pageInfo.endCursor;
      }
    },
  };
}

type Ancestor = Omit<AccountItem, "parent"> & { readonly parent?: Ancestor | { readonly id: string } | null };

/** From the top down to the account itself. Of a very deep one the top is left out. */
function pathOf(account: AccountPathQuery["account"]): AccountItem[] {
  const path: AccountItem[] = [];
  let step: Ancestor | { readonly id: string } | null | undefined = account;
  while (step && "name" in step) {
    const { id, name, isReseller, parent }: Ancestor = step;
    path.unshift({ id, name, isReseller, parent: parent ? { id: parent.id } : null });
    step = parent;
  }
  return path;
}

function withChild(before: AccountIndexState, account: AccountItem): AccountIndexState {
  const { id, parent } = account;
  const accounts = new Map(before.accounts).set(id, account);
  if (parent === null || !accounts.has(parent.id)) return { ...before, accounts };
  const level = before.levels.get(parent.id) ?? NONE;
  if (level.ids.includes(id)) return { ...before, accounts };
  return {
    ...before,
    accounts,
    levels: new Map(before.levels).set(parent.id, { ...level, ids: [...level.ids, id] }),
  };
}

interface Page {
  readonly nodes: AccountItem[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** The tree of accounts that come each before those below it. */
function grown(
  nodes: readonly AccountItem[],
  isComplete: boolean,
): Pick<AccountIndexState, "accounts" | "levels"> {
  const accounts = new Map(nodes.map((account) => [account.id, account]));
  const ids = new Map<string | null, string[]>();
  for (const { id, parent } of nodes) {
    const above = parent !== null && accounts.has(parent.id) ? parent.id : null;
    ids.set(above, [...(ids.get(above) ?? []), id]);
  }
  if (!isComplete) {
    // Of a part of the tree only its tops are certain; the rest is read level by level.
    const tops = ids.get(null) ?? [];
    const kept = new Map(
      tops.flatMap((id) => (accounts.has(id) ? [[id, accounts.get(id) as AccountItem]] : [])),
    );
    return { accounts: kept, levels: new Map([[null, { ids: tops, after: null, isComplete: true }]]) };
  }
  const levels = new Map<string | null, Level>();
  for (const id of [null, ...accounts.keys()])
    levels.set(id, { ids: ids.get(id) ?? [], after: null, isComplete: true });
  return { accounts, levels };
}

function extended(
  before: AccountIndexState,
  parentId: string,
  nodes: readonly AccountItem[],
  after: string | null,
): AccountIndexState {
  const known = before.levels.get(parentId)?.ids ?? [];
  const ids = [...new Set([...known, ...nodes.map(({ id }) => id)])];
  return {
    ...before,
    error: null,
    accounts: new Map([...before.accounts, ...nodes.map((account) => [account.id, account] as const)]),
    levels: new Map([...before.levels, [parentId, { ids, after, isComplete: after === null }]]),
  };
}
