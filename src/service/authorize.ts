import {
  type Action,
  type Arrangement,
  accessibleCount,
  can,
  canArrange,
  canAtAll,
  isOwnAccount,
  type Verdict,
} from "../auth/policy.js";
import type { Principal } from "../auth/principal.js";
import { unauthenticated } from "../auth/unauthenticated.js";
import { StrataError } from "../domain/errors.js";
import type { Lineage } from "../store/store.js";
import { AccountView } from "./account-view.js";

/** Whose config it is, and how much of where it comes from the caller sees. */
export interface ConfigView {
  /** Undefined for the system level. */
  readonly account: AccountView | undefined;
  /** The account of the RESELLER layer of a past moment, where it is none of the account's ancestors now. */
  readonly formerReseller?: AccountView;
  /** Whether the caller may know what the system layer stores, and who wrote it. */
  readonly seesSystem: boolean;
}

/**
 * Lets an action on an account pass, or on the system level (no lineage).
 * @param pointer where the caller named the account, if it names several
 * @throws StrataError UNAUTHENTICATED, FORBIDDEN; ACCOUNT_NOT_FOUND as for an account that is not there
 */
export function authorize(
  principal: Principal,
  action: Action,
  lineage: Lineage | undefined,
  pointer?: string,
): ConfigView {
  refuse(can(principal, action, lineage ?? "system"), pointer);
  return { account: lineage && viewOf(principal, lineage), seesSystem: principal.isSuperadmin };
}

/** @throws StrataError FORBIDDEN where a caller would move or delete the very account that it acts for */
export function refuseOwnAccount(principal: Principal, id: string, pointer: string): void {
  if (!isOwnAccount(principal, id)) return;
  const message = "An account neither moves nor deletes itself: that is for an account above it.";
  throw new StrataError("FORBIDDEN", message, { pointer });
}

/**
 * Lets an account get a reseller flag and a place in the tree, by the rule of `canArrange`.
 * @throws StrataError FORBIDDEN
 */
export function authorizeArrangement(
  principal: Principal,
  before: Arrangement | undefined,
  after: Arrangement,
): void {
  if (canArrange(principal, before, after)) return;
  const isFlag = after[0]?.isReseller !== (before?.[0]?.isReseller ?? false);
  throw isFlag
    ? new StrataError(
        "FORBIDDEN",
        "Whether an account is a reseller is for its own reseller to say, or for an account above that one.",
        { pointer: "/isReseller" },
      )
    : new StrataError(
        "FORBIDDEN",
        "The move changes whose values the account inherits: it is for a caller at or above both its old and its new reseller.",
        { pointer: "/parentId" },
      );
}

/** An account as a caller sees it who may access it. */
export function viewOf(principal: Principal, lineage: Lineage): AccountView {
  return new AccountView(lineage, accessibleCount(principal, lineage));
}

/** Before anything is read: what needs no account to be refused. @throws StrataError UNAUTHENTICATED, FORBIDDEN */
export function authorizeAtAll(principal: Principal, action: Action): void {
  refuse(canAtAll(principal, action));
}

/** Whether the caller may access an account at all. */
export function mayAccess(principal: Principal, lineage: Lineage): boolean {
  return accessibleCount(principal, lineage) > 0;
}

/** Whether the caller may know who wrote a layer of a config, and when. @param accountId undefined: the system layer */
export function mayAccessLayer(view: ConfigView, accountId: string | undefined): boolean {
  return accountId === undefined ? view.seesSystem : accountOfLayer(view, accountId) !== undefined;
}

/** Whose document a layer is; undefined where the caller may not access the account. */
export function accountOfLayer(
  { account, formerReseller }: ConfigView,
  accountId: string,
): AccountView | undefined {
  return account?.find(accountId) ?? formerReseller?.find(accountId);
}

function refuse(verdict: Verdict, pointer?: string): void {
  switch (verdict) {
    case "allowed":
      return;
    case "absent":
      throw noSuchAccount(pointer);
    case "forbidden":
      throw new StrataError("FORBIDDEN", "The token does not allow this.");
    case "unauthenticated":
      throw unauthenticated();
  }
}

/** The same words whether there is none or the caller may not know of it. @param pointer as `authorize` has it */
export function noSuchAccount(pointer?: string): StrataError {
  const message = "There is no such account, or you may not see it.";
  return new StrataError("ACCOUNT_NOT_FOUND", message, pointer === undefined ? {} : { pointer });
}
