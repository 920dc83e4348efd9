import { isOwnAccount } from "../auth/policy.js";
import { NOBODY, type Principal } from "../auth/principal.js";
import { unauthenticated } from "../auth/unauthenticated.js";
import { StrataError } from "../domain/errors.js";
import { checkId } from "../domain/id.js";
import { accountNameTrouble } from "../domain/name.js";
import {
  type EarlierOperation,
  type Expectations,
  type Lineage,
  type Lineages,
  TREE_DEPTH,
  type TreeToken,
} from "../store/store.js";
import { type AccountPage, type AccountsWanted, listAccounts } from "./account-page.js";
import type { AccountView } from "./account-view.js";
import {
  authorize,
  authorizeArrangement,
  authorizeAtAll,
  noSuchAccount,
  refuseOwnAccount,
  viewOf,
} from "./authorize.js";
import { fromStore } from "./from-store.js";
import type { ImpactReport } from "./impact/impact-report.js";
import type { Arrangement } from "./impact/impact-scope.js";
import { checkNote } from "./note.js";
import type { RequestReader } from "./read/request-reader.js";
import { AccountCommits, type AccountDependencies, writableView } from "./write/account-commits.js";
import type { Attempt } from "./write/commit-until-done.js";
import type { NamedOperation } from "./write/named-operation.js";

export interface NewAccount {
  /** Absent: one is made. */
  readonly id?: string | undefined;
  readonly name: string;
  /** Absent: it is the root, of which there is one. */
  readonly parentId?: string | undefined;
  readonly isReseller: boolean;
  /** Why, in words for people. */
  readonly note?: string | undefined;
  /** As `WriteRequest` has it. */
  readonly operationId?: string | undefined;
}

/** Absent members stay unchanged. */
export interface AccountUpdate {
  readonly id: string;
  readonly name?: string | undefined;
  /** Another one: the account moves, with all that is below it. */
  readonly parentId?: string | undefined;
  readonly isReseller?: boolean | undefined;
  /** Answers what would happen, and writes nothing. */
  readonly dryRun?: boolean | undefined;
  /** Why, in words for people. */
  readonly note?: string | undefined;
  /** As `WriteRequest` has it. A dry run has no use for it. */
  readonly operationId?: string | undefined;
}

/** An account as an update left it, or would leave it. */
export interface UpdatedAccount {
  readonly account: AccountView;
  /** Its place before the update and after it; undefined: nothing of it was changed now. */
  readonly arrangement: Arrangement | undefined;
  /** Where the store was when it was decided. */
  readonly sequence: number;
}

/** A dry run of an update, and what it would do to the accounts that get another reseller; undefined: nobody does. */
export interface TriedArrangement {
  readonly updated: UpdatedAccount;
  readonly reports: readonly ImpactReport[] | undefined;
}

/** Who is calling, and the account that is acted for, if there is one. */
export interface Caller {
  readonly principal: Principal;
  readonly account: AccountView | undefined;
}

/** The use-cases around accounts: a tree under one root. As with configs, each request has a service of its own. */
export class AccountService {
  readonly #dependencies: AccountDependencies;
  readonly #commits: AccountCommits;

  constructor(given: AccountDependencies) {
    const { journal, store } = given;
    this.#dependencies = journal ? { ...given, store: journal.watch(store) } : given;
    this.#commits = new AccountCommits(this.#dependencies);
  }

  /** Needs no scope. @throws StrataError UNAUTHENTICATED; STORE_UNAVAILABLE */
  async caller(principal: Principal, reader: RequestReader): Promise<Caller> {
    if (principal === NOBODY) throw unauthenticated();
    const { accountId } = principal;
    const ancestry = accountId === undefined ? undefined : await reader.ancestry(accountId);
    return { principal, account: ancestry && viewOf(principal, ancestry.lineage) };
  }

  /**
   * An account; undefined when there is none that the caller may know of.
   * @throws StrataError UNAUTHENTICATED, FORBIDDEN; STORE_UNAVAILABLE
   */
  async find(
    principal: Principal,
    accountId: string,
    reader: RequestReader,
  ): Promise<AccountView | undefined> {
    checkId(accountId, "account", "/id");
    authorizeAtAll(principal, "read");
    const ancestry = await reader.ancestry(accountId);
    return ancestry && authorize(principal, "read", ancestry.lineage).account;
  }

  /** The children of an account, or all that the caller may know of. @throws as `listAccounts`, and UNAUTHENTICATED, FORBIDDEN */
  async list(principal: Principal, wanted: AccountsWanted, reader: RequestReader): Promise<AccountPage> {
    authorizeAtAll(principal, "read");
    return listAccounts(principal, wanted, reader);
  }

  /**
   * Only superadmins choose the id: whoever may try ids learns from ACCOUNT_EXISTS which there are. A reseller is made by
   * the reseller that it will have, or by an account above that one.
   * @throws StrataError UNAUTHENTICATED, FORBIDDEN; ACCOUNT_EXISTS; ACCOUNT_NOT_FOUND for the parent; BAD_USER_INPUT (limit
   * `accountDepth` at 32 levels); STORE_UNAVAILABLE; WRITE_OUTCOME_UNKNOWN
   */
  async create(principal: Principal, given: NewAccount): Promise<AccountView> {
    authorizeAtAll(principal, "write");
    if (given.id !== undefined && !principal.isSuperadmin)
      throw new StrataError("FORBIDDEN", "Only superadmins choose the id of an account: leave it out.", {
        pointer: "/id",
      });
    const name = checkName(given.name);
    const note = checkNote(given.note);
    const { parentId, isReseller } = given;
    const id = given.id === undefined ? this.#dependencies.newId() : checkId(given.id, "account", "/id");
    if (parentId === undefined) authorize(principal, "write", undefined);
    else checkId(parentId, "account", "/parentId");
    const meaning = ["CREATE", given.id ?? null, name, parentId ?? null, isReseller, note ?? null];
    const attempt = async (named: NamedOperation | undefined) => {
      const { lineages, tree } = await this.#lineages([id, ...(parentId === undefined ? [] : [parentId])]);
      const [existing, above] = lineages;
      if (parentId !== undefined) writableView(principal, above, "/parentId");
      authorizeArrangement(principal, undefined, [{ id, isReseller }, ...(above ?? [])]);
      const expect = above === undefined ? await this.#noRoot() : hangingBelow(above, tree, 1);
      if (existing !== undefined)
        throw new StrataError("ACCOUNT_EXISTS", `There is an account "${id}" already.`, { pointer: "/id" });
      const at = this.#dependencies.now().toISOString();
      const account = { id, name, parentId, isReseller, createdAt: at };
      const accounts = [...expect.accounts, { id, version: undefined }];
      const write = { kind: "CREATE", account } as const;
      const ancestors = above ?? [];
      return this.#commits.attempt(principal, write, { ...expect, accounts }, { at, note, ancestors, named });
    };
    const replay = (earlier: EarlierOperation) => this.#commits.created(principal, earlier);
    const entry = { account: id, kind: "CREATE" };
    return this.#commits.run(principal, { name: given.operationId, entry, meaning, attempt, replay });
  }

  /**
   * Renames an account, makes it a reseller or none, or moves it with all that is below it. The caller has to be allowed
   * to write where it was and where it goes, and to say whose values the account inherits if that changes. Its own
   * account it may only rename.
   * @throws StrataError UNAUTHENTICATED, FORBIDDEN; ACCOUNT_NOT_FOUND for the account or its new parent; ACCOUNT_CYCLE;
   * BAD_USER_INPUT (limit `accountDepth` at 32 levels); STORE_UNAVAILABLE; WRITE_OUTCOME_UNKNOWN
   */
  async update(principal: Principal, given: AccountUpdate): Promise<AccountView> {
    return (await this.arrange(principal, given)).account;
  }

  /** The same, with what it takes to tell whom it hits. @throws as `update` */
  async arrange(principal: Principal, given: AccountUpdate): Promise<UpdatedAccount> {
    authorizeAtAll(principal, "write");
    const id = checkId(given.id, "account", "/id");
    const name = given.name === undefined ? undefined : checkName(given.name);
    const parentId =
      given.parentId === undefined ? undefined : checkId(given.parentId, "account", "/parentId");
    const note = checkNote(given.note);
    const meaning = ["UPDATE", id, name ?? null, parentId ?? null, given.isReseller ?? null, note ?? null];
    const attempt = async (named: NamedOperation | undefined): Promise<Attempt<UpdatedAccount>> => {
      const { sequence } = await fromStore(
        this.#dependencies.store.versions({ accounts: [], documents: [] }),
      );
      const { tree, lineage, above } = await this.#placed(principal, id, parentId);
      const [{ version, ...current }, ...ancestors] = lineage;
      const moves = above !== undefined && parentId !== current.parentId;
      const account = {
        ...current,
        name: name ?? current.name,
        isReseller: given.isReseller ?? current.isReseller,
        parentId: moves ? parentId : current.parentId,
      };
      if (!moves && account.name === current.name && account.isReseller === current.isReseller)
        return { answer: { account: viewOf(principal, lineage), arrangement: undefined, sequence } };
      const next = moves ? above : ancestors;
      if (moves && above.some((each) => each.id === id)) throw cycle();
      authorizeArrangement(principal, lineage, [account, ...next]);
      let expect: Expectations = { documents: [], accounts: [{ id, version }], tree };
      if (moves) {
        const { counts } = await fromStore(this.#dependencies.store.descendants({ accountId: id, limit: 0 }));
        const target = hangingBelow(above, tree, 1 + counts.length);
        expect = { ...expect, accounts: [...expect.accounts, ...target.accounts] };
      }
      const after: Lineage = [{ ...account, version }, ...next];
      const arrangement = { before: lineage, after };
      if (given.dryRun === true)
        return { answer: { account: viewOf(principal, after), arrangement, sequence } };
      const at = this.#dependencies.now().toISOString();
      const write = { kind: "UPDATE", account } as const;
      const made = this.#commits.attempt(principal, write, expect, { at, note, ancestors: next, named });
      if ("answer" in made) throw new Error("an update that changes something is committed");
      const { commit, done } = made;
      return {
        commit,
        done: (by) => ({ account: done(by), arrangement, sequence: by.version.sequence }),
      };
    };
    const replay = async (earlier: EarlierOperation) => ({
      account: await this.#commits.current(principal, id, earlier),
      arrangement: undefined,
      sequence: 0,
    });
    const entry = { account: id, kind: "UPDATE" };
    const operationName = given.dryRun === true ? undefined : given.operationId;
    return this.#commits.run(principal, { name: operationName, entry, meaning, attempt, replay });
  }

  /**
   * Deletes an account with everything of its documents. No caller deletes the account that it acts for.
   * @throws StrataError UNAUTHENTICATED, FORBIDDEN; ACCOUNT_NOT_FOUND; ACCOUNT_HAS_CHILDREN; STORE_UNAVAILABLE;
   * WRITE_OUTCOME_UNKNOWN
   */
  async delete(principal: Principal, accountId: string, why?: string, operationId?: string): Promise<void> {
    authorizeAtAll(principal, "write");
    const id = checkId(accountId, "account", "/id");
    const note = checkNote(why);
    const attempt = async (named: NamedOperation | undefined): Promise<Attempt<unknown>> => {
      const { tree, lineages } = await this.#lineages([id]);
      const [lineage] = lineages;
      if (lineage === undefined) throw noSuchAccount("/id");
      authorize(principal, "write", lineage, "/id");
      refuseOwnAccount(principal, id, "/id");
      const { counts } = await fromStore(this.#dependencies.store.descendants({ accountId: id, limit: 0 }));
      if (counts.length > 0) {
        throw new StrataError(
          "ACCOUNT_HAS_CHILDREN",
          "The account has others below it: delete or move those first.",
        );
      }
      const [{ version, ...account }, ...ancestors] = lineage;
      const expect = { documents: [], accounts: [{ id, version }], tree };
      const at = this.#dependencies.now().toISOString();
      const write = { kind: "DELETE", account } as const;
      return this.#commits.attempt(principal, write, expect, { at, note, ancestors, named });
    };
    // The account is gone, or another one has its id: of that one the answer tells nothing.
    const replay = async () => {};
    await this.#commits.run(principal, {
      name: operationId,
      entry: { account: id, kind: "DELETE" },
      meaning: ["DELETE", id, note ?? null],
      attempt,
      replay,
    });
  }

  /**
   * An account that the caller may write, and the parent that it is to have, if one is given.
   * @throws StrataError FORBIDDEN for a move of the caller's own account; ACCOUNT_NOT_FOUND for either account
   */
  async #placed(
    principal: Principal,
    id: string,
    parentId: string | undefined,
  ): Promise<{ tree: TreeToken; lineage: Lineage; above: Lineage | undefined }> {
    // Nothing is looked up for a move that is refused whatever the parent is: its answer tells nothing of that one.
    const isLookedUp = parentId !== undefined && !isOwnAccount(principal, id);
    const { tree, lineages } = await this.#lineages(isLookedUp ? [id, parentId] : [id]);
    const [lineage, above] = lineages;
    if (lineage === undefined) throw noSuchAccount("/id");
    authorize(principal, "write", lineage, "/id");
    if (parentId !== undefined) {
      refuseOwnAccount(principal, id, "/parentId");
      // Also where it hangs already: a caller who may guess would learn of accounts that it may not access.
      writableView(principal, above, "/parentId");
    }
    return { tree, lineage, above };
  }

  #lineages(ids: readonly string[]): Promise<Lineages> {
    return fromStore(this.#dependencies.store.lineages(ids));
  }

  async #noRoot(): Promise<Expectations> {
    if ((await fromStore(this.#dependencies.store.rootId())) === undefined)
      return { documents: [], accounts: [], noRoot: true };
    throw new StrataError(
      "BAD_USER_INPUT",
      "The tree has its root already: give the parentId of the new account.",
      { pointer: "/parentId" },
    );
  }
}

/**
 * What has to hold for a subtree of so many levels to hang below an account.
 * @throws StrataError BAD_USER_INPUT when it would be too deep
 */
function hangingBelow(above: Lineage, tree: string, levels: number): Expectations {
  if (above.length + levels > TREE_DEPTH) {
    throw new StrataError("BAD_USER_INPUT", `The tree of accounts is at most ${TREE_DEPTH} levels deep.`, {
      pointer: "/parentId",
      limit: "accountDepth",
    });
  }
  const [{ id, version }] = above;
  return { documents: [], accounts: [{ id, version }], tree };
}

function cycle(): StrataError {
  return new StrataError("ACCOUNT_CYCLE", "An account cannot hang below itself.", { pointer: "/parentId" });
}

function checkName(name: string): string {
  const trouble = accountNameTrouble(name);
  if (trouble === undefined) return name;
  throw new StrataError("BAD_USER_INPUT", `The account's name ${trouble}.`, { pointer: "/name" });
}
