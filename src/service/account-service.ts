import { createHash } from "node:crypto";
import { reach } from "../auth/policy.js";
import { NOBODY, type Principal } from "../auth/principal.js";
import { unauthenticated } from "../auth/unauthenticated.js";
import { StrataError } from "../domain/errors.js";
import { checkId } from "../domain/id.js";
import type { AccountRecord, Commit, Expectations, Version } from "../store/store.js";
import { type AccountView, authorize, authorizeAtAll, noSuchAccount } from "./authorize.js";
import { type CommitDependencies, commitUntilDone } from "./commit.js";
import type { LayerReader } from "./layer-reader.js";
import { freshAncestry, fromStore } from "./layers.js";

export interface NewAccount {
  /** Absent: one is made. */
  readonly id?: string | undefined;
  readonly name: string;
  /** Absent: it is the root, of which there is one. */
  readonly parentId?: string | undefined;
  readonly isReseller: boolean;
}

/** Who is calling, and the account that is acted for, if there is one. */
export interface Caller {
  readonly principal: Principal;
  readonly account: AccountView | undefined;
}

/** Accounts on the way from the root to the deepest, both counted. */
export const TREE_DEPTH = 32;
const NAME_LIMIT = 256;

/** The use-cases around accounts: a tree under one root. */
export class AccountService {
  constructor(private readonly dependencies: CommitDependencies) {}

  /** Needs no scope. @throws StrataError UNAUTHENTICATED; STORE_UNAVAILABLE */
  async caller(principal: Principal, reader: LayerReader): Promise<Caller> {
    if (principal === NOBODY) throw unauthenticated();
    const { accountId } = principal;
    const ancestry = accountId === undefined ? undefined : await reader.ancestry(accountId);
    if (ancestry === undefined) return { principal, account: undefined };
    const { lineage } = ancestry;
    return { principal, account: { lineage, reach: reach(principal, lineage) } };
  }

  /**
   * An account; undefined when there is none that the caller may know of.
   * @throws StrataError UNAUTHENTICATED, FORBIDDEN; STORE_UNAVAILABLE
   */
  async find(principal: Principal, accountId: string, reader: LayerReader): Promise<AccountView | undefined> {
    checkId(accountId, "account");
    authorizeAtAll(principal, "read");
    const ancestry = await reader.ancestry(accountId);
    return ancestry && authorize(principal, "read", ancestry.lineage).account;
  }

  /**
   * Only superadmins choose the id: whoever may try ids learns from ACCOUNT_EXISTS which there are.
   * @throws StrataError UNAUTHENTICATED, FORBIDDEN; ACCOUNT_EXISTS; ACCOUNT_NOT_FOUND for the parent; BAD_USER_INPUT (limit `accountDepth` at 32
   * levels); STORE_UNAVAILABLE; WRITE_OUTCOME_UNKNOWN
   */
  async create(principal: Principal, given: NewAccount): Promise<AccountView> {
    authorizeAtAll(principal, "write");
    if (given.id !== undefined && !principal.isSuperadmin)
      throw new StrataError("FORBIDDEN", "Only superadmins choose the id of an account: leave it out.");
    const name = checkName(given.name);
    const id = given.id === undefined ? this.dependencies.newId() : checkId(given.id, "account");
    const { store } = this.dependencies;
    return commitUntilDone(this.dependencies, async () => {
      const ancestors = await this.#ancestors(principal, given.parentId);
      if ((await freshAncestry(store, id)) !== undefined) {
        throw new StrataError("ACCOUNT_EXISTS", `There is an account "${id}" already.`);
      }
      const account = { id, name, parentId: given.parentId, isReseller: given.isReseller };
      const commit = this.#commit(principal, account, ancestors.expect);
      const done = (version: Version): AccountView => ({
        lineage: [{ ...account, createdAt: commit.at, version }, ...ancestors.lineage],
        reach: ancestors.reach + 1,
      });
      return { commit, done };
    });
  }

  async #ancestors(
    principal: Principal,
    parentId: string | undefined,
  ): Promise<{ lineage: readonly AccountRecord[]; reach: number; expect: Partial<Expectations> }> {
    if (parentId === undefined) {
      authorize(principal, "write", undefined);
      if ((await fromStore(this.dependencies.store.rootId())) !== undefined) {
        throw new StrataError(
          "BAD_USER_INPUT",
          "The tree has its root already: give the parentId of the new account.",
        );
      }
      return { lineage: [], reach: 0, expect: { noRoot: true } };
    }
    const ancestry = await freshAncestry(this.dependencies.store, checkId(parentId, "account"));
    if (ancestry === undefined) throw noSuchAccount();
    const { lineage, tree } = ancestry;
    const { reach = 0 } = authorize(principal, "write", lineage).account ?? {};
    if (lineage.length >= TREE_DEPTH) {
      throw new StrataError("BAD_USER_INPUT", `The tree of accounts is at most ${TREE_DEPTH} levels deep.`, {
        limit: "accountDepth",
      });
    }
    return { lineage, reach, expect: { tree, accounts: [{ id: parentId, version: lineage[0].version }] } };
  }

  #commit(
    principal: Principal,
    account: Omit<AccountRecord, "createdAt" | "version">,
    expect: Partial<Expectations>,
  ): Commit {
    return {
      expect: {
        ...expect,
        documents: [],
        accounts: [...(expect.accounts ?? []), { id: account.id, version: undefined }],
      },
      write: { on: "account", account },
      at: this.dependencies.now().toISOString(),
      by: principal.subject,
      operation: {
        id: this.dependencies.newId(),
        digest: createHash("sha256").update(JSON.stringify(account)).digest("base64url"),
      },
    };
  }
}

function checkName(name: string): string {
  const trouble =
    name.trim() === ""
      ? "is empty"
      : name.length > NAME_LIMIT
        ? `is longer than ${NAME_LIMIT} characters`
        : !name.isWellFormed() || /\p{Cc}/u.test(name)
          ? "holds control characters or is not well-formed text"
          : undefined;
  if (trouble === undefined) return name;
  throw new StrataError("BAD_USER_INPUT", `The account's name ${trouble}.`, { pointer: "/name" });
}
