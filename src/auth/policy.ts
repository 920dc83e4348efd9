import { NOBODY, type Principal } from "./principal.js";

/** What the policy has to know of an account. */
export interface KnownAccount {
  readonly id: string;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
}

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
 * level.
 */
export function can(principal: Principal, action: Action, target: Target): Verdict {
  const general = canAtAll(principal, action);
  if (general !== "allowed") return general;
  if (target === "system") return principal.isSuperadmin ? "allowed" : "forbidden";
  return reach(principal, target) > 0 ? "allowed" : "absent";
}

/** Whether there is anything that this kind of action may be done to. Needs no account, so it tells nothing of any. */
export function canAtAll(principal: Principal, action: Action): Verdict {
  if (principal === NOBODY) return "unauthenticated";
  return principal.scopes.has(`config:${action}`) ? "allowed" : "forbidden";
}

/** How many accounts of a lineage the caller may know of, from the first on. */
export function reach(
  { accountId, isSuperadmin, issuedAt }: Principal,
  lineage: readonly KnownAccount[],
): number {
  if (isSuperadmin) return lineage.length;
  const own = lineage.findIndex(({ id }) => id === accountId);
  const account = lineage[own];
  // A token that is older than its account was made for another account of the same id.
  return account === undefined || isOlder(issuedAt, account) ? 0 : own + 1;
}

/** Tokens count in whole seconds. */
function isOlder(issuedAt: number | undefined, { createdAt }: KnownAccount): boolean {
  return issuedAt === undefined || issuedAt < Math.floor(Date.parse(createdAt) / 1_000);
}
