import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { expect } from "vitest";
import {
  type AccountRecord,
  type AccountRevision,
  type Commit,
  type Committed,
  type DocumentOwners,
  originOf,
  type Store,
  TREE_DEPTH,
} from "../../src/store/store.js";

/** What is done next: numbers that stand for whatever there is at that time. */
export interface FactStep {
  readonly act: "create" | "rename" | "move" | "delete" | "set" | "reset";
  readonly who: number;
  readonly where: number;
  readonly flag: boolean;
  readonly schema: string | undefined;
  readonly note: string | undefined;
}

export const CONFIGS = ["x", "x.y", "-", "X"];
const NOTES = ["ticket 4711", '","note":"', "\u2028 ä€𝄞", "\\u0001 \\n", "n".repeat(500)];
const AT = Date.UTC(2026, 2, 1);

export const factSteps = (maxLength: number): fc.Arbitrary<FactStep[]> =>
  fc.array(
    fc.record({
      act: fc.constantFrom("create", "create", "rename", "move", "delete", "set", "set", "set", "reset"),
      who: fc.nat(),
      where: fc.nat(),
      flag: fc.boolean(),
      schema: fc.option(fc.constantFrom("digest-1", "digest-2"), { nil: undefined }),
      note: fc.option(fc.constantFrom(...NOTES), { nil: undefined }),
    }) as fc.Arbitrary<FactStep>,
    { maxLength },
  );

interface Facts {
  readonly owners: Record<string, DocumentOwners>;
  readonly histories: Record<string, readonly AccountRevision[]>;
}

/** What a store is to know of everything that was done, in as few words as possible. */
export class FactsModel {
  /** Ids and configs of other stores in the same place are others. */
  constructor(private readonly ids = ["root", "a", "a.b", "A", "b", "9", "10", "a-b"]) {}

  readonly accounts = new Map<string, AccountRecord>();
  readonly #documents = new Set<string>();
  /** The sequence of the newest write of each document that is stored, removed ones included. */
  readonly #written = new Map<string, number>();
  readonly #last = new Map<string, number>();
  readonly histories = new Map<string, AccountRevision[]>();
  #clock = AT;

  /** The commit of a step; undefined where nothing can be done. */
  next({ act, who, where, flag, schema, note }: FactStep): Commit | undefined {
    const write = this.#write(act, who, where, flag);
    if (write === undefined) return undefined;
    this.#clock += 1_000;
    return {
      expect: { documents: [], accounts: [] },
      write,
      at: new Date(this.#clock).toISOString(),
      by: "tester",
      schema,
      ...(note !== undefined && { note }),
      operation: { id: randomUUID(), digest: "digest" },
    };
  }

  #write(act: FactStep["act"], who: number, where: number, flag: boolean): Commit["write"] | undefined {
    const there = [...this.accounts.keys()];
    const pick = (from: readonly string[], at: number) => from[at % from.length];
    if (act === "set" || act === "reset") {
      const accountId = flag ? pick(there, who) : pick([...there, ""], who);
      const key = { accountId: accountId || undefined, configId: pick(CONFIGS, where) ?? "x" };
      if (act === "reset") return { on: "document", key, kind: "RESET", override: undefined };
      return { on: "document", key, kind: flag ? "SET" : "PATCH", override: { who, where } };
    }
    const createdAt = new Date(AT).toISOString();
    if (act === "create") {
      const id = pick(
        this.ids.filter((each) => !this.accounts.has(each)),
        who,
      );
      if (id === undefined) return undefined;
      const account = { id, name: `The ${id}`, parentId: pick(there, where), isReseller: flag, createdAt };
      return { on: "account", kind: "CREATE", account };
    }
    const current = this.accounts.get(pick(there, who) ?? "");
    if (current === undefined) return undefined;
    const { version: _, ...account } = current;
    if (act === "delete") {
      if ([...this.accounts.values()].some(({ parentId }) => parentId === account.id)) return undefined;
      return { on: "account", kind: "DELETE", account };
    }
    if (act === "rename")
      return { on: "account", kind: "UPDATE", account: { ...account, name: `${where}`, isReseller: flag } };
    const parentId = pick(there, where);
    if (account.parentId === undefined || parentId === undefined || this.#isBelow(parentId, account.id))
      return undefined;
    return { on: "account", kind: "UPDATE", account: { ...account, parentId } };
  }

  #isBelow(id: string, above: string): boolean {
    let at: string | undefined = id;
    for (let step = 0; at !== undefined && step <= TREE_DEPTH; step++) {
      if (at === above) return true;
      at = this.accounts.get(at)?.parentId;
    }
    return false;
  }

  /** @param stored an account as the store has it: a creation's times are the store's to say */
  take({ write, ...commit }: Commit, { version, at }: Committed, stored?: AccountRecord): void {
    const origin = originOf({ ...commit, at });
    if (write.on === "document") {
      const { accountId, configId } = write.key;
      this.#last.set(configId, version.sequence);
      this.#written.set(`${configId}/${accountId}`, version.sequence);
      if (write.override === undefined || accountId === undefined)
        this.#documents.delete(`${configId}/${accountId}`);
      else this.#documents.add(`${configId}/${accountId}`);
      return;
    }
    const { kind } = write;
    const account = kind === "CREATE" && stored !== undefined ? stored : { ...write.account, version };
    this.histories.set(account.id, [...(this.histories.get(account.id) ?? []), { account, kind, ...origin }]);
    if (kind !== "DELETE") this.accounts.set(account.id, account);
    else {
      this.accounts.delete(account.id);
      for (const configId of CONFIGS) {
        this.#documents.delete(`${configId}/${account.id}`);
        this.#written.delete(`${configId}/${account.id}`);
      }
    }
  }

  /** Of the past is known only what the accounts and documents that there are tell. */
  forget(): void {
    this.histories.clear();
    for (const account of this.accounts.values()) this.histories.set(account.id, [{ account }]);
    this.#last.clear();
    for (const [name, sequence] of this.#written) {
      const configId = name.slice(0, name.indexOf("/"));
      this.#last.set(configId, Math.max(sequence, this.#last.get(configId) ?? 0));
    }
  }

  get facts(): Facts {
    const owners = Object.fromEntries(
      CONFIGS.map((configId) => {
        const accountIds = [...this.ids].sort().filter((id) => this.#documents.has(`${configId}/${id}`));
        return [configId, { accountIds, lastSequence: this.#last.get(configId) ?? 0 }];
      }),
    );
    return {
      owners,
      histories: Object.fromEntries(this.ids.map((id) => [id, this.histories.get(id) ?? []])),
    };
  }

  /** Does all of it, and takes down what came of it. */
  async live(store: Store, steps: readonly FactStep[]): Promise<void> {
    for (const step of steps) {
      const commit = this.next(step);
      if (commit === undefined) continue;
      const outcome = await store.commit(commit);
      if (outcome.outcome !== "done") throw new Error(`not done: ${JSON.stringify([commit, outcome])}`);
      const { lineages } = await store.lineages(
        commit.write.on === "account" ? [commit.write.account.id] : [],
      );
      this.take(commit, outcome, lineages[0]?.[0]);
    }
  }

  /** What a store says of the accounts and configs of this model, some at a time. */
  async factsOf(store: Store, limit = 2): Promise<Facts> {
    const owners: Record<string, DocumentOwners> = {};
    for (const configId of CONFIGS) {
      const accountIds: string[] = [];
      for (;;) {
        const after = accountIds.at(-1);
        const of = { configId, limit, ...(after !== undefined && { after }) };
        const page = await store.documentOwners(of);
        accountIds.push(...page.accountIds);
        owners[configId] = { accountIds: [...accountIds], lastSequence: page.lastSequence };
        if (page.accountIds.length < limit) break;
      }
    }
    const histories: Record<string, readonly AccountRevision[]> = {};
    for (const id of this.ids) {
      const found: AccountRevision[] = [];
      for (;;) {
        const page = await store.accountHistory(id, found.at(-1)?.account.version.sequence ?? 0, limit);
        found.push(...page);
        if (page.length < limit) break;
      }
      histories[id] = found;
    }
    return { owners, histories };
  }

  async expectIn(store: Store): Promise<void> {
    expect(await this.factsOf(store)).toStrictEqual(this.facts);
  }
}
