import { accessibleCount } from "../../auth/policy.js";
import type { Principal } from "../../auth/principal.js";
import { type AccountLife, AccountLives, lifeAt, recordAt } from "../../store/audit/account-lives.js";
import { accountIdOf } from "../../store/audit/audit-entry.js";
import {
  type AccountRecord,
  type Change,
  type Lineage,
  sequenceOfChange,
  TREE_DEPTH,
} from "../../store/store.js";
import type { AccountView } from "../account-view.js";
import { mayAccess, noSuchAccount, viewOf } from "../authorize.js";
import type { RequestReader } from "../read/request-reader.js";

/** A commit that the caller may be told of. */
export interface VisibleChange {
  readonly change: Change;
  /** Undefined: the system layer, or the account is gone. */
  readonly account: AccountView | undefined;
  /** What the account was called. */
  readonly name: string | undefined;
}

/**
 * Which commits a caller may be told of: those to accounts that it may access now; to those that are gone, if it might have
 * accessed them when they were deleted; to superadmins all. An account that has got a deleted one's id is another one.
 */
export class AuditReach {
  readonly #lives: AccountLives;
  readonly #present = new Map<string, Lineage | undefined>();

  constructor(
    private readonly principal: Principal,
    private readonly reader: RequestReader,
  ) {
    this.#lives = new AccountLives((id, after, limit) => reader.accountHistory(id, after, limit));
  }

  /** @throws StrataError ACCOUNT_NOT_FOUND when the caller may not know that there is such an account, or was */
  async checkAccount(accountId: string): Promise<void> {
    // Both, whatever the first says: the answer takes the same reads whether the account is foreign or absent.
    const [, lives] = await Promise.all([this.#readPresent([accountId]), this.#lives.of(accountId)]);
    const lineage = this.#present.get(accountId);
    if (lineage !== undefined && mayAccess(this.principal, lineage)) return;
    for (const life of lives) if (await this.#mightAccess(life)) return;
    throw noSuchAccount();
  }

  /** Those of some commits that the caller may be told of, in their order. */
  async visible(changes: readonly Change[]): Promise<VisibleChange[]> {
    const ids = new Set(changes.map(accountIdOf).filter((id) => id !== undefined));
    await this.#readPresent([...ids].filter((id) => !this.#present.has(id)));
    const seen = await Promise.all(changes.map((change) => this.#look(change)));
    return seen.filter((each) => each !== undefined);
  }

  async #look(change: Change): Promise<VisibleChange | undefined> {
    const id = accountIdOf(change);
    if (id === undefined)
      return this.principal.isSuperadmin ? { change, account: undefined, name: undefined } : undefined;
    const sequence = sequenceOfChange(change);
    const lineage = this.#present.get(id);
    if (lineage !== undefined && (await this.#isOf(lineage[0], change))) {
      if (!mayAccess(this.principal, lineage)) return undefined;
      return {
        change,
        account: viewOf(this.principal, lineage),
        name: await this.#nameAt(lineage[0], sequence),
      };
    }
    const life = lifeAt(await this.#lives.of(id), sequence);
    const name = life && recordAt(life, sequence)?.name;
    const isSeen = this.principal.isSuperadmin || (life !== undefined && (await this.#mightAccess(life)));
    return isSeen ? { change, account: undefined, name } : undefined;
  }

  /** Whether a commit was to the account that is there now, and not to one that had its id before. */
  async #isOf({ id, createdAt }: AccountRecord, change: Change): Promise<boolean> {
    if (change.at !== createdAt) return change.at > createdAt;
    // An account can be deleted and another one get its id at the same time.
    const life = lifeAt(await this.#lives.of(id), sequenceOfChange(change));
    return life === undefined || life.end === undefined;
  }

  async #nameAt(present: AccountRecord, sequence: number): Promise<string> {
    if (present.version.sequence <= sequence) return present.name;
    const life = lifeAt(await this.#lives.of(present.id), sequence);
    return (life && recordAt(life, sequence)?.name) ?? present.name;
  }

  /** Whether the caller might access an account that is gone, when it was deleted. */
  async #mightAccess({ records, end }: AccountLife): Promise<boolean> {
    if (this.principal.isSuperadmin) return true;
    const { accountId } = this.principal;
    const last = records.at(-1);
    if (accountId === undefined || end === undefined || last === undefined) return false;
    await this.#readPresent(this.#present.has(accountId) ? [] : [accountId]);
    const own = this.#present.get(accountId)?.[0];
    const ancestors = await this.#ancestryAt(last, end);
    // The caller's own account is the one of then, and no other that has got its id.
    const isSame =
      own !== undefined &&
      ancestors.some(({ id, createdAt }) => id === own.id && createdAt === own.createdAt);
    return isSame && accessibleCount(this.principal, ancestors) > 0;
  }

  /** An account with its ancestors as they were once a commit was made, as far up as they are known. */
  async #ancestryAt(account: AccountRecord, sequence: number): Promise<AccountRecord[]> {
    const ancestors = [account];
    for (let last = account; last.parentId !== undefined && ancestors.length <= TREE_DEPTH; ) {
      const life = lifeAt(await this.#lives.of(last.parentId), sequence);
      const parent = life && recordAt(life, sequence);
      if (parent === undefined) break;
      ancestors.push(parent);
      last = parent;
    }
    return ancestors;
  }

  async #readPresent(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const lineages = await this.reader.anyLineages(ids);
    for (const [index, id] of ids.entries()) this.#present.set(id, lineages[index]);
  }
}
