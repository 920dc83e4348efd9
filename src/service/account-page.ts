import type { Principal } from "../auth/principal.js";
import { StrataError } from "../domain/errors.js";
import { checkId } from "../domain/id.js";
import type { AccountPath } from "../store/store.js";
import { cursorOf, parseCursor } from "./account-cursor.js";
import type { AccountView } from "./account-view.js";
import { authorize, noSuchAccount, viewOf } from "./authorize.js";
import type { RequestReader } from "./read/request-reader.js";

export interface AccountsWanted {
  /** Whose children; absent: every account that the caller may know of. */
  readonly parentId?: string | undefined;
  /** How many, at most. */
  readonly first: number;
  /** A cursor: only what comes behind it. */
  readonly after?: string | undefined;
}

/** Some accounts of a list, in its order: each before those below it, siblings by id. */
export interface AccountPage {
  readonly edges: readonly { readonly cursor: string; readonly account: AccountView }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  /** Of the whole list. */
  readonly totalCount: number;
}

/** How many accounts one page may have. */
export const PAGE_LIMIT = 1_000;
const EMPTY: AccountPage = { edges: [], hasNextPage: false, hasPreviousPage: false, totalCount: 0 };

/**
 * One page of a list of accounts. A page is where it was when accounts come or go elsewhere in the list.
 * @throws StrataError BAD_USER_INPUT for a page that is too large (limit `pageSize`) and for a foreign cursor;
 * ACCOUNT_NOT_FOUND for the parent; STORE_UNAVAILABLE
 */
export async function listAccounts(
  principal: Principal,
  { parentId, first, after }: AccountsWanted,
  reader: RequestReader,
): Promise<AccountPage> {
  if (parentId !== undefined) checkId(parentId, "account");
  checkFirst(first);
  const behind = after === undefined ? undefined : parseCursor(parentId, after);
  const top = parentId ?? (await highestAccessible(principal, reader));
  const ancestry = top === undefined ? undefined : await reader.ancestry(top);
  if (parentId !== undefined && ancestry === undefined) throw noSuchAccount();
  if (top === undefined || ancestry === undefined) return EMPTY;
  authorize(principal, "read", ancestry.lineage);
  const isWhole = parentId === undefined;
  const topComesFirst = isWhole && behind === undefined;
  const { paths, counts } = await reader.descendants({
    accountId: top,
    limit: first + 1,
    ...(isWhole ? {} : { levels: 1 }),
    ...(behind && { after: behind }),
  });
  const found: AccountPath[] = topComesFirst ? [[], ...paths] : [...paths];
  return {
    edges: await edgesOf(principal, parentId, top, found.slice(0, first), reader),
    hasNextPage: found.length > first,
    hasPreviousPage: behind !== undefined,
    totalCount: isWhole ? counts.reduce((sum, count) => sum + count, 1) : (counts[0] ?? 0),
  };
}

/** The account above all others that the caller may access. */
async function highestAccessible(
  { isSuperadmin, accountId }: Principal,
  reader: RequestReader,
): Promise<string | undefined> {
  return isSuperadmin ? reader.rootId() : accountId;
}

/** An account that was deleted a moment ago is not in the page. */
async function edgesOf(
  principal: Principal,
  parentId: string | undefined,
  top: string,
  paths: readonly AccountPath[],
  reader: RequestReader,
): Promise<AccountPage["edges"]> {
  const ancestries = await Promise.all(paths.map((path) => reader.ancestry(path.at(-1) ?? top)));
  return ancestries.flatMap((ancestry, index) =>
    ancestry === undefined
      ? []
      : { cursor: cursorOf(parentId, paths[index] ?? []), account: viewOf(principal, ancestry.lineage) },
  );
}

function checkFirst(first: number): void {
  if (first >= 0 && first <= PAGE_LIMIT) return;
  throw new StrataError("BAD_USER_INPUT", `A page has 0 to ${PAGE_LIMIT} accounts.`, {
    pointer: "/first",
    ...(first > PAGE_LIMIT && { limit: "pageSize" }),
  });
}
