import { OPEN_PRINCIPAL } from "../../../src/auth/principal.js";
import type { ImpactOutcome } from "../../../src/domain/change/impact.js";
import { equals, type Json, type JsonObject } from "../../../src/domain/json/json.js";
import type { Constraint } from "../../../src/domain/merge/constraint.js";
import type { ImpactReport } from "../../../src/service/impact/impact-report.js";
import type { ConfigSnapshot } from "../../../src/service/read/config-snapshot.js";
import type { WriteIntent } from "../../../src/service/write/write-decision.js";
import type { Store } from "../../../src/store/store.js";
import { schemaFolder } from "../../temporary-folder.js";
import { putDocument } from "../put-document.js";
import { Services } from "../services.js";

export const CONFIG = "limits";

/** Settings that can be right or wrong in several ways, and one that no account sees. */
export const IMPACT_SCHEMAS = {
  "account_config.limits": {
    type: "object",
    properties: {
      a: { type: "integer", maximum: 2, default: 1 },
      b: { type: "string" },
      c: { type: "object", properties: { x: { type: "integer" }, y: { enum: [0, 1] } } },
      d: { type: ["object", "integer"], additionalProperties: { type: "integer" } },
    },
    required: ["b"],
    dependentRequired: { a: ["b"] },
  },
  "system_config.limits": { type: "object", additionalProperties: true, properties: { a: { default: 1 } } },
};

export type Random = <T>(from: readonly T[]) => T;

export function randomOf(seed: number): Random {
  let state = seed >>> 0 || 1;
  return (from) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return from[Math.floor((state / 2 ** 32) * from.length)] as never;
  };
}

/** A document as some release, or some schema, may have let it in: right or wrong. */
export function randomDocument(pick: Random): JsonObject {
  const members: Record<string, () => Json> = {
    a: () => pick<Json>([0, 1, 2, 3, "1"]),
    b: () => pick<Json>(["x", "y", 1]),
    c: () => pick<Json>([{ x: pick([0, 1]) }, { y: pick([0, 1, 2]) }, {}, 5, { x: 1, y: 1 }]),
    d: () => pick<Json>([{}, { k: pick<Json>([0, "0"]) }, 1, { l: 1 }]),
    secret: () => pick<Json>([0, 1]),
  };
  const names = Object.keys(members).filter(() => pick([true, false]));
  return Object.fromEntries(names.map((name) => [name, (members[name] as () => Json)()]));
}

/** A lock or bounds at a place where documents have something, or above it. */
export function randomConstraint(pick: Random): Constraint {
  const pointer = pick(["/a", "/c", "/c/x", "/d", ""]);
  const reason = "by chance";
  if (pick([true, false])) return { pointer, kind: "LOCK", reason };
  const schema = pick<JsonObject>([
    { maximum: 1 },
    { type: "object" },
    { enum: [1, 2] },
    { required: ["x"] },
  ]);
  return { pointer, kind: "BOUNDS", schema, reason };
}

/** A tree of accounts over a real store. */
export class ImpactWorld {
  readonly schemas = schemaFolder(IMPACT_SCHEMAS);
  readonly services: Services;
  readonly ids: string[] = [];

  constructor(
    readonly store: Store,
    readonly pick: Random,
  ) {
    this.services = new Services(store, this.schemas);
  }

  async grow(count: number): Promise<void> {
    while (this.ids.length < count) {
      const id = this.ids.length === 0 ? "root" : `${this.pick(["a", "b", "c"])}${this.ids.length}`;
      const parentId = this.ids.length === 0 ? undefined : this.pick(this.ids.slice(-12));
      const isReseller = this.pick([true, false, false]);
      await this.services.accounts.create(OPEN_PRINCIPAL, { id, name: id, parentId, isReseller });
      this.ids.push(id);
      const constraints = this.pick([true, false, false]) ? [randomConstraint(this.pick)] : [];
      if (this.pick([true, false, false])) await this.put(id, randomDocument(this.pick), constraints);
    }
    await this.put(undefined, randomDocument(this.pick));
  }

  /** As `putDocument` does. */
  put(
    accountId: string | undefined,
    override: JsonObject | undefined,
    constraints: readonly Constraint[] = [],
  ): Promise<void> {
    return putDocument(this.store, { accountId, configId: CONFIG }, override, { constraints });
  }

  async read(ids = this.ids): Promise<Map<string, ConfigSnapshot>> {
    const all = await Promise.all(ids.map((id) => this.services.read(id, CONFIG)));
    return new Map(ids.map((id, index) => [id, all[index] as ConfigSnapshot]));
  }

  write(accountId: string | undefined, intent: WriteIntent, options = {}) {
    return this.services.write(accountId, CONFIG, intent, options);
  }
}

/** What reading an account before and after tells. */
export interface Told {
  readonly outcome: ImpactOutcome;
  readonly changes: readonly unknown[];
  readonly problems: readonly string[];
}

const problemsOf = ({ problems }: ConfigSnapshot) =>
  problems.map(({ pointer, keyword, message }) => `${pointer} ${keyword} ${message}`);

export function toldBy(before: ConfigSnapshot, after: ConfigSnapshot): Told {
  const fieldsOf = ({ config }: ConfigSnapshot) =>
    new Map(
      config.fields.map((field) => [
        field.pointer,
        { value: field.value, source: config.sourceOf(field).kind },
      ]),
    );
  const [olds, nows] = [fieldsOf(before), fieldsOf(after)];
  const changes = [...new Set([...nows.keys(), ...olds.keys()])].flatMap((pointer) => {
    const [old, now] = [olds.get(pointer), nows.get(pointer)];
    if (old?.source === now?.source && equals(old?.value, now?.value)) return [];
    return {
      pointer,
      before: old?.value,
      after: now?.value,
      sourceBefore: old?.source,
      sourceAfter: now?.source,
    };
  });
  const [had, has] = [problemsOf(before), problemsOf(after)];
  const problems = has.filter((each) => !had.includes(each));
  const seen = ({ config }: ConfigSnapshot): Json =>
    config.layers
      .slice(1)
      .map(({ kind, document, constraints = [] }) => [
        kind,
        document ?? null,
        constraints.map(({ pointer, kind, schema = {}, reason }) => [pointer, kind, schema, reason]),
      ]);
  const outcome = (): ImpactOutcome => {
    if (problems.length > 0) return "BROKEN";
    if (had.some((each) => !has.includes(each))) return "HEALED";
    if (!equals(before.config.values, after.config.values)) return "CHANGED";
    if (changes.length > 0) return "MOVED";
    return equals(seen(before), seen(after)) ? "UNAFFECTED" : "SHIELDED";
  };
  return { outcome: outcome(), changes, problems };
}

/** All accounts of a report, page by page. */
export async function tellAll(report: ImpactReport, first = 7): Promise<Map<string, Told>> {
  const all = new Map<string, Told>();
  let after: string | undefined;
  for (let pages = 0; pages < 1_000; pages++) {
    const { edges, hasNextPage } = await report.accounts({ first, after });
    for (const { impact } of edges) {
      const { account, outcome, changes, problems } = impact;
      if (all.has(account.id)) throw new Error(`${account.id} comes twice`);
      const told = problems.map(({ pointer, keyword, message }) => `${pointer} ${keyword} ${message}`);
      all.set(account.id, { outcome, changes, problems: told });
    }
    after = edges.at(-1)?.cursor;
    if (!hasNextPage) return all;
  }
  throw new Error("pages without end");
}
