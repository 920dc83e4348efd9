import { secondOf } from "../domain/clock.js";
import { resellerLineage } from "../domain/reseller.js";
import { NOBODY, type Principal } from "./principal.js";

/** The facts about an account that the policy needs. */
export interface KnownAccount {
  readonly id: string;
  readonly isReseller: boolean;
  /** RFC 3339, UTC: the commit time of its creation. */
  readonly createdAt: string;
  /** The first second, since the epoch, whose tokens are for this account; absent: the second of its creation. */
  readonly tokensFrom?: number;
}

/** An account's place: as much of it and of its ancestors, itself first, as says who its reseller is. */
export type Arrangement = readonly Pick<KnownAccount, "id" | "isReseller">[];

/** An account with its ancestors, itself first, as the store has them; or the system level. */
export type Target = readonly KnownAccount[] | "system";
export type Action = "read" | "write";

/**
 * What becomes of an action. `absent`: to this caller there is no such account, so it gets the same answer as for one
 * that is really not there.
 */
export type Verdict = "allowed" | "absent" | "forbidden" | "unauthenticated";

/**
 * The one policy: a principal acts on its own account and every descendant, a superadmin on all, and alone on the system
 * level. What a principal may do to the tree itself is in `isOwnAccount` and `canArrange`.
 */
export function can(principal: Principal, action: Action, target: Target): Verdict {
  const general = canAtAll(principal, action);
  if (general !== "allowed") return general;
  if (target === "system") return principal.isSuperadmin ? "allowed" : "forbidden";
  return accessibleCount(principal, target) > 0 ? "allowed" : "absent";
}

/**
 * Whether there is anything that this kind of action may be done to. Needs no account, so it tells nothing of any.
 * Writing includes reading: a write answers with the config as it is then, and a dry run with what would be.
 */
export function canAtAll(principal: Principal, action: Action): Verdict {
  if (principal === NOBODY) return "unauthenticated";
  const { scopes } = principal;
  const isGiven = scopes.has("config:write") || (action === "read" && scopes.has("config:read"));
  return isGiven ? "allowed" : "forbidden";
}

/** Whether this is the account that the caller acts for: it may rename that one, but neither move nor delete it. */
export function isOwnAccount({ isSuperadmin, accountId }: Principal, id: string): boolean {
  return !isSuperadmin && accountId === id;
}

/**
 * Whether the caller may give an account a reseller flag and a place in the tree. Whose values an account inherits is
 * for its reseller to say, and for the accounts above that one. So a flag that changes, and a move to another reseller,
 * need a caller who is the account's reseller, or above it, before the change and after it.
 * @param before the account with its ancestors as they are; undefined: it is a new one
 * @param after the same as they would be
 */
export function canArrange(
  principal: Principal,
  before: Arrangement | undefined,
  after: Arrangement,
): boolean {
  if (principal.isSuperadmin) return true;
  const flagChanges = after[0]?.isReseller !== (before?.[0]?.isReseller ?? false);
  const resellerChanges =
    before !== undefined && resellerLineage(before)?.[0].id !== resellerLineage(after)?.[0].id;
  if (!flagChanges && !resellerChanges) return true;
  return [before ?? after, after].every((lineage) => isAtOrAboveReseller(principal, lineage));
}

function isAtOrAboveReseller({ accountId }: Principal, lineage: Arrangement): boolean {
  return resellerLineage(lineage)?.some(({ id }) => id === accountId) === true;
}

/** How many accounts of a lineage the caller may access, from the first on. */
export function accessibleCount(
  { accountId, isSuperadmin, issuedAt }: Principal,
  lineage: readonly KnownAccount[],
): number {
  if (isSuperadmin) return lineage.length;
  const own = lineage.findIndex(({ id }) => id === accountId);
  const account = lineage[own];
  // A token that is older than its account was made for another account of the same id.
  return account === undefined || isOlder(issuedAt, account) ? 0 : own + 1;
}

function isOlder(issuedAt: number | undefined, account: KnownAccount): boolean {
  return issuedAt === undefined || issuedAt < tokensCountFrom(account);
}

/** Tokens issued before this, in seconds since the epoch, do not count for the account. */
export function tokensCountFrom({ createdAt, tokensFrom }: KnownAccount): number {
  return tokensFrom ?? secondOf(createdAt);
}
