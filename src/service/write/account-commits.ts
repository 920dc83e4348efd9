import { createHash } from "node:crypto";
import type { Principal } from "../../auth/principal.js";
import type { Json } from "../../domain/json/json.js";
import type { SchemaRegistry } from "../../schema/schema-registry.js";
import type {
  AccountRecord,
  AccountWrite,
  Commit,
  Committed,
  EarlierOperation,
  Expectations,
  Lineage,
} from "../../store/store.js";
import type { AccountView } from "../account-view.js";
import { authorize, noSuchAccount, viewOf } from "../authorize.js";
import { fromStore } from "../from-store.js";
import { guardTiming } from "../timing-guard.js";
import { type Attempt, type CommitDependencies, commitUntilDone } from "./commit-until-done.js";
import {
  checkOperationName,
  digestOf,
  earlierOperation,
  type NamedOperation,
  operationIdOf,
} from "./named-operation.js";

export interface AccountDependencies extends CommitDependencies {
  readonly registry: Pick<SchemaRegistry, "digest">;
}

/** A write to an account, and how it is made. */
export interface AccountOperation<T> {
  /** The caller's own name for it, if it has one. */
  readonly name: string | undefined;
  /** What the request's journal calls it. */
  readonly entry: { readonly account: string; readonly kind: string };
  /** All that it means to do: what is not in here may be another in a retry. */
  readonly meaning: Json;
  readonly attempt: (named: NamedOperation | undefined) => Promise<Attempt<T>>;
  /** The answer where an earlier request has done it; whether the caller may still have it is to be checked. */
  readonly replay: (earlier: EarlierOperation) => Promise<T>;
}

/** What a write leaves for the answers to its retries. */
interface Memo {
  /** Tells the request that did it from those that are answered with it. */
  readonly attempt: string;
  readonly accountId: string;
}

/** Commits writes to accounts. */
export class AccountCommits {
  constructor(private readonly dependencies: AccountDependencies) {}

  /** @throws StrataError as the attempts do; BAD_USER_INPUT, RATE_LIMITED; STORE_UNAVAILABLE; WRITE_OUTCOME_UNKNOWN */
  async run<T>(principal: Principal, operation: AccountOperation<T>): Promise<T> {
    const { name, entry, meaning, replay } = operation;
    checkOperationName(name);
    const { store, journal } = this.dependencies;
    const digest = name === undefined ? "" : digestOf(meaning);
    let outcome = "unchanged";
    const attempt = async (named: NamedOperation | undefined): Promise<Attempt<T>> => {
      const made = await operation.attempt(named);
      outcome = "commit" in made ? "written" : "unchanged";
      return made;
    };
    const next = async (): Promise<Attempt<T>> => {
      if (name === undefined) return attempt(undefined);
      const named = { id: await this.#operationId(principal, name), digest };
      // What it was decided on may be of after the commit that it repeats: the decision is not worth anything then.
      const [decided] = await Promise.allSettled([attempt(named)]);
      const earlier = await earlierOperation(store, named);
      if (earlier !== undefined) {
        outcome = "replayed";
        return { answer: await replay(earlier) };
      }
      if (decided.status === "rejected") throw decided.reason;
      return decided.value;
    };
    const run = () => guardTiming(principal, () => commitUntilDone(this.dependencies, next));
    return journal?.write(entry, run, () => ({ outcome })) ?? run();
  }

  attempt(
    principal: Principal,
    write: Omit<AccountWrite, "on">,
    expect: Expectations,
    { at, note, ancestors, named }: AttemptedAt,
  ): Attempt<AccountView> {
    const id = this.dependencies.newId();
    const digest = createHash("sha256").update(JSON.stringify(write)).digest("base64url");
    const memo: Memo = { attempt: id, accountId: write.account.id };
    const commit: Commit = {
      expect,
      write: { on: "account", ...write },
      at,
      by: principal.subject,
      schema: this.dependencies.registry.digest,
      ...(note !== undefined && { note }),
      operation: named === undefined ? { id, digest } : { ...named, memo: JSON.stringify(memo) },
    };
    const done = ({ version }: Committed) => viewOf(principal, [{ ...write.account, version }, ...ancestors]);
    return { commit, done };
  }

  /** The account that an earlier request has created, as it is now. @throws StrataError ACCOUNT_NOT_FOUND, FORBIDDEN */
  async created(principal: Principal, { memo, at }: EarlierOperation): Promise<AccountView> {
    const lineage = await this.#lineage((JSON.parse(memo) as Memo).accountId);
    // Another account may have got its id.
    return writableView(principal, lineage?.[0].createdAt === at ? lineage : undefined);
  }

  /** The account that an earlier request has changed, as it is now. @throws StrataError ACCOUNT_NOT_FOUND, FORBIDDEN when the caller may not write it */
  async current(principal: Principal, id: string, { at }: EarlierOperation): Promise<AccountView> {
    const lineage = await this.#lineage(id);
    // Another account may have got its id.
    return writableView(principal, isOlder(lineage, at) ? lineage : undefined);
  }

  /** @throws StrataError ACCOUNT_NOT_FOUND when the caller's own account is gone */
  async #operationId(principal: Principal, name: string): Promise<string> {
    const { accountId, isSuperadmin } = principal;
    if (isSuperadmin || accountId === undefined) return operationIdOf(principal, undefined, name);
    const own = await this.#lineage(accountId);
    writableView(principal, own);
    return operationIdOf(principal, own, name);
  }

  async #lineage(id: string): Promise<Lineage | undefined> {
    return (await fromStore(this.dependencies.store.lineages([id]))).lineages[0];
  }
}

/** Whether the account was there at a moment already. */
export function isOlder(lineage: Lineage | undefined, at: string): boolean {
  return lineage !== undefined && lineage[0].createdAt <= at;
}

interface AttemptedAt {
  readonly at: string;
  readonly note: string | undefined;
  /** Those that the account has once it is written. */
  readonly ancestors: readonly AccountRecord[];
  readonly named: NamedOperation | undefined;
}

/** @param pointer as `authorize` has it @throws StrataError ACCOUNT_NOT_FOUND, FORBIDDEN when the caller may not write there */
export function writableView(
  principal: Principal,
  lineage: Lineage | undefined,
  pointer?: string,
): AccountView {
  if (lineage === undefined) throw noSuchAccount(pointer);
  authorize(principal, "write", lineage, pointer);
  return viewOf(principal, lineage);
}
