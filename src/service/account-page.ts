import type { Principal } from "../auth/principal.js";
import { StrataError } from "../domain/errors.js";
import { checkId } from "../domain/id.js";
import type { AccountPath, Descendants } from "../store/store.js";
import { cursorOf, isBefore, parseCursor } from "./account-cursor.js";
import type { AccountView } from "./account-view.js";
import { authorize, noSuchAccount, viewOf } from "./authorize.js";
import { checkPageSize } from "./page-size.js";
import type { RequestReader } from "./read/request-reader.js";

export interface AccountsWanted {
  /** Whose children; absent: every account that the caller may know of. */
  readonly parentId?: string | undefined;
  /** How many, at most, from the start on. Without `first` and `last` it is `PAGE_SIZE`. */
  readonly first?: number | undefined;
  /** How many, at most, up to the end. Never together with `first`. */
  readonly last?: number | undefined;
  /** A cursor: only what comes behind it. */
  readonly after?: string | undefined;
  /** A cursor: only what comes before it. */
  readonly before?: string | undefined;
}

/** Some accounts of a list, in its order: each before those below it, siblings by id. */
export interface AccountPage {
  readonly edges: readonly { readonly cursor: string; readonly account: AccountView }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  /** Of the whole list. */
  readonly totalCount: number;
}

/** The part of a list that is wanted, checked. */
interface Slice {
  readonly size: number;
  /** Whether its accounts are the last ones between `after` and `before`, not the first ones. */
  readonly fromEnd: boolean;
  readonly after: AccountPath | undefined;
  readonly before: AccountPath | undefined;
}

/** How many accounts one page may have. */
export const PAGE_LIMIT = 1_000;
export const PAGE_SIZE = 50;
const EMPTY: AccountPage = { edges: [], hasNextPage: false, hasPreviousPage: false, totalCount: 0 };

/**
 * One page of a list of accounts. A page is where it was when accounts come or go elsewhere in the list.
 * @throws StrataError BAD_USER_INPUT for a page that is too large (limit `pageSize`), for one from both ends and for a
 * foreign cursor; ACCOUNT_NOT_FOUND for the parent; STORE_UNAVAILABLE
 */
export async function listAccounts(
  principal: Principal,
  wanted: AccountsWanted,
  reader: RequestReader,
): Promise<AccountPage> {
  const { parentId } = wanted;
  if (parentId !== undefined) checkId(parentId, "account", "/parentId");
  const slice = sliceOf(wanted);
  const top = parentId ?? (await highestAccessible(principal, reader));
  const ancestry = top === undefined ? undefined : await reader.ancestry(top);
  if (parentId !== undefined && ancestry === undefined) throw noSuchAccount("/parentId");
  if (top === undefined || ancestry === undefined) return EMPTY;
  const isWhole = parentId === undefined;
  authorize(principal, "read", ancestry.lineage, isWhole ? undefined : "/parentId");
  const { paths, counts } = await pathsOf(top, slice, isWhole, reader);
  const page = paths.slice(0, slice.size);
  const hasMore = paths.length > slice.size;
  return {
    edges: await edgesOf(principal, parentId, top, slice.fromEnd ? page.reverse() : page, reader),
    hasNextPage: slice.before !== undefined || (!slice.fromEnd && hasMore),
    hasPreviousPage: slice.after !== undefined || (slice.fromEnd && hasMore),
    totalCount: isWhole ? counts.reduce((sum, count) => sum + count, 1) : (counts[0] ?? 0),
  };
}

function sliceOf({ parentId, first, last, after, before }: AccountsWanted): Slice {
  if (first !== undefined && last !== undefined) {
    const message = "A page starts at one end of the list: give `first` or `last`, not both.";
    throw new StrataError("BAD_USER_INPUT", message, { pointer: "/last" });
  }
  if (first !== undefined) checkPageSize(first, PAGE_LIMIT, "accounts", "/first");
  if (last !== undefined) checkPageSize(last, PAGE_LIMIT, "accounts", "/last");
  return {
    size: first ?? last ?? PAGE_SIZE,
    fromEnd: last !== undefined,
    after: after === undefined ? undefined : parseCursor(parentId, after, "/after"),
    before: before === undefined ? undefined : parseCursor(parentId, before, "/before"),
  };
}

/** The account above all others that the caller may access. */
async function highestAccessible(
  { isSuperadmin, accountId }: Principal,
  reader: RequestReader,
): Promise<string | undefined> {
  return isSuperadmin ? reader.rootId() : accountId;
}

/**
 * The places of a slice, starting at its own end of the list; one more tells that there are more.
 * @param isWhole whether the list is of all accounts: the one at the top is its first then, and its path is empty
 */
async function pathsOf(
  top: string,
  { size, fromEnd, after, before }: Slice,
  isWhole: boolean,
  reader: RequestReader,
): Promise<Descendants> {
  const { paths: below, counts } = await reader.descendants({
    accountId: top,
    limit: size + 1,
    ...(isWhole ? {} : { levels: 1 }),
    ...(fromEnd ? { backwards: before === undefined ? {} : { before } } : after && { after }),
  });
  const all = isWhole ? withTop(below, size + 1, fromEnd) : below;
  const isInside = (path: AccountPath) =>
    (after === undefined || isBefore(after, path)) && (before === undefined || isBefore(path, before));
  return { paths: all.filter(isInside), counts };
}

/** Backwards the account at the top comes last: only where all others are in the list. */
function withTop(below: readonly AccountPath[], limit: number, fromEnd: boolean): AccountPath[] {
  if (!fromEnd) return [[], ...below];
  return below.length < limit ? [...below, []] : [...below];
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
