import { randomUUID } from "node:crypto";
import { OPEN_PRINCIPAL, type Principal } from "../../src/auth/principal.js";
import type { BlamedCommit } from "../../src/domain/change/blame.js";
import { equals, isObject, type Json, type JsonObject } from "../../src/domain/json/json.js";
import { tokensOf } from "../../src/domain/json/pointer.js";
import type { LayerKind } from "../../src/domain/merge/layer.js";
import type { SchemaRegistry } from "../../src/schema/schema-registry.js";
import { AccountService } from "../../src/service/account-service.js";
import { ConfigService } from "../../src/service/config-service.js";
import type { AttributedChange } from "../../src/service/read/attributed-changes.js";
import type { ConfigSnapshot } from "../../src/service/read/config-snapshot.js";
import { createRequestReader } from "../../src/service/read/request-reader.js";
import type { Store } from "../../src/store/store.js";
import { createMerges } from "./services.js";

/** What a config was when it was read. */
export interface Seen {
  readonly etag: string;
  readonly values: JsonObject;
  readonly fields: readonly { readonly pointer: string; readonly value: Json; readonly source: LayerKind }[];
  /** The account of each layer, highest precedence first. */
  readonly owners: readonly (string | undefined)[];
}
interface Write {
  readonly at: string;
  readonly commit: BlamedCommit;
  readonly document: JsonObject | undefined;
}
interface Timed {
  readonly at: string;
  readonly seen: Seen;
}

export const CONFIG = "open";
const IDS = ["root", "a", "b", "c", "d", "e"];
const NAMES = ["x", "y", "secret"];

/** A tree of accounts that things happen to, and what a model remembers of them. */
export class PastLife {
  readonly configs: ConfigService;
  readonly #accounts: AccountService;
  #clock = Date.UTC(2026, 2, 1);
  /** Of each account that there is; the system level has the empty name. */
  readonly alive = new Map<string, { readonly parentId: string | undefined; readonly since: string }>();
  readonly #seen = new Map<string, Timed[]>();
  readonly #writes = new Map<string, Write[]>();

  constructor(
    readonly store: Store,
    registry: SchemaRegistry,
    /** Between 0 and 1. */
    private readonly random: () => number,
    /** How many revisions of each document the store keeps. */
    private readonly kept = Number.POSITIVE_INFINITY,
  ) {
    const dependencies = {
      store,
      now: () => new Date(this.#clock),
      newId: () => randomUUID(),
      registry,
      deadlineMs: 60_000,
    };
    this.#accounts = new AccountService(dependencies);
    this.configs = new ConfigService({ ...dependencies, merges: createMerges() });
    this.alive.set("", { parentId: undefined, since: "" });
  }

  get now(): string {
    return new Date(this.#clock).toISOString();
  }

  /** Whether the store has long ceased to keep the system level's first revisions, if it ever ceases. */
  get hasForgotten(): boolean {
    const writes = this.#writes.get("")?.length ?? 0;
    return this.kept === Number.POSITIVE_INFINITY || writes > 2 * this.kept;
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T;
  }

  /** Does one thing, and looks at everything afterwards. */
  async step(): Promise<void> {
    this.#clock += this.#pick([0, 0, 1, 5]);
    const act = this.#pick([
      "write",
      "write",
      "write",
      "write",
      "move",
      "flag",
      "create",
      "create",
      "delete",
    ]);
    try {
      if (act === "write") await this.#write();
      else await this.#arrange(act);
    } catch (error) {
      const refused = [
        "ACCOUNT_CYCLE",
        "ACCOUNT_HAS_CHILDREN",
        "ACCOUNT_EXISTS",
        "FORBIDDEN",
        "BAD_USER_INPUT",
      ];
      if (!refused.includes((error as { code?: string }).code ?? "")) throw error;
    }
    for (const id of this.alive.keys()) {
      const seen = seenIn(await this.read(id));
      const log = this.#seen.get(id) ?? [];
      if (log.at(-1)?.seen.etag !== seen.etag) log.push({ at: this.now, seen });
      this.#seen.set(id, log);
    }
  }

  async #write(): Promise<void> {
    const id = this.#pick([...this.alive.keys()]);
    const names = id === "" ? NAMES : NAMES.slice(0, 2);
    const value = (): Json =>
      this.#pick<() => Json>([
        () => this.#pick([0, 1, 2]),
        () => ({ [this.#pick(["x", "y"])]: this.#pick([0, 1, {}]) }),
        () => ({}),
        () => [null],
      ])();
    const object = Object.fromEntries(names.map((name) => [name, this.random() < 0.3 ? null : value()]));
    const intent = this.#pick([
      { kind: "SET" as const, values: object },
      { kind: "PATCH" as const, patch: object },
      { kind: "PATCH" as const, patch: { [this.#pick(names)]: value() } },
      { kind: "RESET" as const, pointers: this.#pick([undefined, ["/x"], ["/y/x"]]) },
    ]);
    const by = this.#pick(["ann", "bob"]);
    const target = { accountId: id || undefined, configId: CONFIG };
    const result = await this.configs.write({ ...OPEN_PRINCIPAL, subject: by }, { target, intent });
    if (result.result !== "written" || result.revision === undefined) return;
    const commit = { revision: result.revision, at: this.now, by };
    const log = this.#writes.get(id) ?? [];
    log.push({ at: this.now, commit, document: result.document });
    this.#writes.set(id, log);
  }

  async #arrange(act: string): Promise<void> {
    const there = [...this.alive.keys()].filter((id) => id !== "");
    const parentId = this.#pick([...there, undefined]);
    if (act === "create") {
      const id = this.#pick(IDS);
      await this.#accounts.create(OPEN_PRINCIPAL, {
        id,
        name: id,
        parentId: id === "root" ? undefined : parentId,
        isReseller: this.random() < 0.5,
      });
      this.alive.set(id, { parentId, since: this.now });
      return;
    }
    if (there.length === 0) return;
    const id = this.#pick(there);
    if (act === "delete") {
      await this.#accounts.delete(OPEN_PRINCIPAL, id);
      for (const log of [this.alive, this.#seen, this.#writes]) log.delete(id);
    } else {
      const change = act === "move" ? { parentId } : { isReseller: this.random() < 0.5 };
      await this.#accounts.update(OPEN_PRINCIPAL, { id, name: undefined, isReseller: undefined, ...change });
      const { since = "" } = this.alive.get(id) ?? {};
      if (act === "move" && parentId !== undefined) this.alive.set(id, { parentId, since });
    }
  }

  read(id: string, asOf?: string, principal: Principal = OPEN_PRINCIPAL): Promise<ConfigSnapshot> {
    const reader = createRequestReader(this.store, principal);
    return this.configs.effective(principal, { accountId: id || undefined, configId: CONFIG }, reader, asOf);
  }

  changes(snapshot: ConfigSnapshot, moment: string, principal: Principal = OPEN_PRINCIPAL) {
    const reader = createRequestReader(this.store, principal);
    return this.configs.changesSince(principal, snapshot, moment, reader);
  }

  /** What was seen at a moment; or why nobody can tell any more. */
  seenAt(id: string, moment: string): Seen | "ACCOUNT_NOT_FOUND" | "REVISION_NOT_FOUND" {
    if (moment < (this.alive.get(id)?.since ?? "")) return "ACCOUNT_NOT_FOUND";
    const seen = lastAt(this.#seen.get(id) ?? [], moment)?.seen;
    if (seen === undefined) return id === "" ? "REVISION_NOT_FOUND" : "ACCOUNT_NOT_FOUND";
    const isLost = seen.owners.slice(0, -1).some((owner = "") => !this.#isKept(owner, moment));
    return isLost ? "REVISION_NOT_FOUND" : seen;
  }

  #isKept(owner: string, moment: string): boolean {
    if (moment < (this.alive.get(owner)?.since ?? "\x7f")) return false;
    const log = this.#writes.get(owner) ?? [];
    const first = log.at(-Math.min(this.kept, log.length));
    return log.length <= this.kept || first === undefined || first.at <= moment;
  }

  #isAtOrBelow(id: string | undefined, top: string): boolean {
    return id === top || (id !== undefined && this.#isAtOrBelow(this.alive.get(id)?.parentId, top));
  }

  /**
   * What differs between two moments, and who did it, by looking at every write between them.
   * @param caller the account that the caller acts for; undefined: on everything
   */
  expectedChanges(
    id: string,
    [before, after]: readonly [Seen, Seen],
    [from, to]: readonly [string, string],
    caller?: string,
  ) {
    const [olds, nows] = [before, after].map(
      ({ fields }) => new Map(fields.map((field) => [field.pointer, field])),
    ) as [Map<string, Seen["fields"][number]>, Map<string, Seen["fields"][number]>];
    const pointers = [...nows.keys(), ...[...olds.keys()].filter((pointer) => !nows.has(pointer))];
    return pointers.flatMap((pointer): AttributedChange[] => {
      const [old, now] = [olds.get(pointer), nows.get(pointer)];
      if (old?.source === now?.source && equals(old?.value, now?.value)) return [];
      const by = this.#cause(id, [before, after], [from, to], pointer, caller);
      return [
        {
          pointer,
          before: old?.value,
          after: now?.value,
          sourceBefore: old?.source,
          sourceAfter: now?.source,
          by: by && { ...by, note: undefined },
        },
      ];
    });
  }

  #cause(
    id: string,
    [before, after]: readonly [Seen, Seen],
    [from, to]: readonly [string, string],
    pointer: string,
    caller: string | undefined,
  ): BlamedCommit | undefined {
    const seenBy = (document: JsonObject | undefined) =>
      says(id === "" ? document : visible(document), pointer);
    for (const [layer, owner] of after.owners.slice(0, -1).entries()) {
      const [old, log] = [before.owners[layer], this.#writes.get(owner ?? "") ?? []];
      const oldLog = this.#writes.get(old ?? "") ?? [];
      const was = seenBy(lastAt(oldLog, from)?.document);
      if (equals(was, seenBy(lastAt(log, to)?.document))) continue;
      if (old !== owner || (caller !== undefined && !this.#isAtOrBelow(owner, caller))) return undefined;
      return log.findLast(
        ({ at, document }, index) =>
          at > from && at <= to && !equals(seenBy(document), seenBy(log[index - 1]?.document)),
      )?.commit;
    }
    return undefined;
  }
}

export function seenIn({ etag, config }: ConfigSnapshot): Seen {
  return {
    etag,
    values: config.values,
    fields: config.fields.map((field) => ({
      pointer: field.pointer,
      value: field.value,
      source: config.sourceOf(field).kind,
    })),
    owners: config.layers.map(({ accountId }) => accountId),
  };
}

function visible(document: JsonObject | undefined): JsonObject | undefined {
  return document && Object.fromEntries(Object.entries(document).filter(([name]) => name !== "secret"));
}

function says(document: JsonObject | undefined, pointer: string): Json[] {
  const tokens = tokensOf(pointer);
  for (let length = 1; length <= tokens.length; length++) {
    const found = tokens
      .slice(0, length)
      .reduce<Json | undefined>((value, token) => (isObject(value) ? value[token] : undefined), document);
    if (found === undefined) return [];
    if (!isObject(found) || length === tokens.length) return [length, found];
  }
  return [];
}

function lastAt<T extends { readonly at: string }>(log: readonly T[], moment: string): T | undefined {
  return log.findLast(({ at }) => at <= moment);
}
