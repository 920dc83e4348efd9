import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OPEN_PRINCIPAL } from "../../src/auth/principal.js";
import { blamedCommit, blameOfRevisions } from "../../src/domain/change/blame.js";
import { overrideChanges } from "../../src/domain/change/override-change.js";
import { equals, isEmpty, isObject, type Json, type JsonObject } from "../../src/domain/json/json.js";
import { appendToken, tokensOf } from "../../src/domain/json/pointer.js";
import { atOnce } from "../../src/domain/pieces.js";
import { FieldBlames } from "../../src/service/read/field-blames.js";
import { createRequestReader } from "../../src/service/read/request-reader.js";
import type { RequestedIntent } from "../../src/service/write/config-write.js";
import type { HistoryRetention } from "../../src/store/store.js";
import { cases, SEED } from "../cases.js";
import { openTestStore } from "../store/test-store.js";
import { schemaFolder } from "../temporary-folder.js";
import { OPEN_SCHEMAS, Services, written } from "./services.js";

/** Long: 100,000 steps in all. */
const IS_LONG = process.env.STRATA_TEST_LONG === "1";
const RUNS = IS_LONG ? 500 : cases(8);
const STEPS = IS_LONG ? 200 : 40;

/** Parents first. `shop` is a reseller: its document is the RESELLER layer of those below it. */
const ACCOUNTS = ["root", "shop", "one", "two"] as const;
const PARENTS: Readonly<Record<string, string>> = { shop: "root", one: "shop", two: "shop" };
const TARGETS = [undefined, ...ACCOUNTS] as const;
type Target = (typeof TARGETS)[number];

const key = fc.constantFrom("a", "b", "c", "d");
const leaf = fc.constantFrom<Json>(1, 2, "x", [], [1, null], {});
const inner = fc.dictionary(key, leaf, { maxKeys: 3, noNullPrototype: true });
const values = fc.dictionary(key, fc.oneof(leaf, inner), { maxKeys: 4, noNullPrototype: true });
const nullable = fc.oneof({ weight: 3, arbitrary: leaf }, { weight: 1, arbitrary: fc.constant(null) });
const patch = fc.dictionary(
  key,
  fc.oneof(nullable, fc.dictionary(key, nullable, { maxKeys: 2, noNullPrototype: true })),
  {
    maxKeys: 3,
    noNullPrototype: true,
  },
);
const pointers = fc.array(fc.constantFrom("/a", "/b", "/a/b", "/c/d"), { maxLength: 2 });
const target = fc.constantFrom(...TARGETS);
type Step =
  | {
      readonly on: Target;
      readonly intent: RequestedIntent | { readonly kind: "RESTORE"; readonly back: number };
    }
  | { readonly move: "one" | "two"; readonly to: "root" | "shop" }
  | { readonly recreate: "one" | "two" };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      on: target,
      intent: fc.record({ kind: fc.constant("SET" as const), values: values as fc.Arbitrary<JsonObject> }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      on: target,
      intent: fc.record({ kind: fc.constant("PATCH" as const), patch: patch as fc.Arbitrary<JsonObject> }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      on: target,
      intent: fc.record({
        kind: fc.constant("RESET" as const),
        pointers: fc.option(pointers, { nil: undefined }),
      }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      on: target,
      intent: fc.record({ kind: fc.constant("RESTORE" as const), back: fc.nat({ max: 12 }) }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ move: fc.constantFrom("one", "two"), to: fc.constantFrom("root", "shop") }),
  },
  { weight: 1, arbitrary: fc.record({ recreate: fc.constantFrom("one", "two") }) },
);

interface Revision {
  readonly revision: number;
  readonly kind: string;
  readonly by: string;
  readonly at: string;
  readonly note: string;
  readonly restoredFrom?: number;
  readonly document: JsonObject | undefined;
}

/** All that was ever written, in memory: what the services are compared with. */
class Model {
  readonly #histories = new Map<Target, Revision[]>();
  #notes = 0;

  constructor(
    private readonly services: Services,
    private readonly kept: number,
  ) {}

  of(on: Target): Revision[] {
    const known = this.#histories.get(on) ?? [];
    this.#histories.set(on, known);
    return known;
  }

  async live(step: Step): Promise<void> {
    if ("move" in step) {
      await this.services.accounts.update(OPEN_PRINCIPAL, { id: step.move, parentId: step.to });
    } else if ("recreate" in step) {
      const { lineages } = await this.services.store.lineages([step.recreate]);
      await this.services.accounts.delete(OPEN_PRINCIPAL, step.recreate);
      this.#histories.delete(step.recreate);
      const parentId = lineages[0]?.[1]?.id;
      await this.services.accounts.create(OPEN_PRINCIPAL, {
        id: step.recreate,
        name: "x",
        parentId,
        isReseller: false,
      });
    } else await this.#write(step.on, step.intent);
  }

  async #write(on: Target, intent: Extract<Step, { intent: unknown }>["intent"]): Promise<void> {
    const history = this.of(on);
    const note = `note ${this.#notes++}`;
    const back = "back" in intent ? history.length - intent.back : undefined;
    const asked: RequestedIntent =
      back === undefined ? (intent as RequestedIntent) : { kind: "RESTORE", revision: back };
    const principal = { ...OPEN_PRINCIPAL, subject: `by ${this.#notes % 3}` };
    const outcome = this.services.configs.write(principal, {
      target: { accountId: on, configId: "open" },
      intent: asked,
      note,
    });
    if (back !== undefined && (back < 1 || back <= history.length - this.kept)) {
      const oldest = history.length === 0 ? null : Math.max(1, history.length - this.kept + 1);
      await expect(outcome).rejects.toMatchObject({ code: "REVISION_NOT_FOUND", oldest });
      return;
    }
    const { revision } = written(await outcome);
    const document = await this.services.stored(on, "open");
    const before = history.at(-1)?.document;
    if (back !== undefined) expect(document).toEqual(history[back - 1]?.document);
    expect(revision).toBe(equals(before, document) ? undefined : history.length + 1);
    if (revision === undefined) return;
    const at =
      (await this.services.store.history({ key: { accountId: on, configId: "open" }, limit: 1, bytes: 1 }))
        .revisions[0]?.at ?? "";
    history.push({
      revision,
      kind: asked.kind,
      by: principal.subject,
      at,
      note,
      ...(back !== undefined && { restoredFrom: back }),
      document,
    });
  }

  async expectHistory(on: Target): Promise<void> {
    const all = this.of(on);
    const expected = all.slice(-this.kept).toReversed();
    const snapshot = await this.services.read(on, "open");
    const reader = createRequestReader(this.services.store, OPEN_PRINCIPAL);
    const found = [];
    for (let after: string | undefined; ; ) {
      const page = await this.services.configs.history(snapshot, { first: 7, after }, reader);
      found.push(...page.edges.map(({ revision }) => revision));
      if (!page.hasNextPage) break;
      after = page.edges.at(-1)?.cursor;
    }
    expect(
      found.map(({ written: { version, kind, at, by, note, restoredFrom }, document }) => ({
        revision: version.revision,
        kind,
        by,
        at,
        note,
        ...(restoredFrom !== undefined && { restoredFrom }),
        document,
      })),
    ).toEqual(expected);
    for (const [index, each] of found.entries()) {
      const changes = await each.changes();
      const { revision = 0, document } = expected[index] ?? {};
      const isKnown = revision === 1 || index + 1 < expected.length;
      expect(changes).toEqual(isKnown ? atOnce(overrideChanges(all[revision - 2]?.document, document)) : []);
    }
  }

  /** Of each field what the whole history says of it, however much of that is kept. */
  async expectBlame(on: Target): Promise<void> {
    const snapshot = await this.services.read(on, "open");
    const reader = createRequestReader(this.services.store, OPEN_PRINCIPAL);
    const blames = await FieldBlames.of(snapshot, reader);
    for (const field of snapshot.config.fields) {
      const layer = snapshot.config.sourceOf(field);
      if (layer.kind === "SCHEMA") {
        expect(blames.at(field)).toBeUndefined();
        continue;
      }
      const replayed = replay(this.of(layer.accountId as Target)).get(field.pointer);
      expect(blames.at(field)).toEqual(replayed);
    }
  }
}

/** Who put each leaf of the newest document, by a method of its own. */
function replay(
  history: readonly Revision[],
): Map<string, { revision: number; at: string; by: string; note: string }> {
  let known = new Map<
    string,
    { value: Json; commit: { revision: number; at: string; by: string; note: string } }
  >();
  for (const { revision, at, by, note, document } of history) {
    const next: typeof known = new Map();
    for (const [pointer, value] of leavesOf(document ?? {})) {
      const before = known.get(pointer);
      next.set(
        pointer,
        before && equals(before.value, value) ? before : { value, commit: { revision, at, by, note } },
      );
    }
    known = next;
  }
  return new Map([...known].map(([pointer, { commit }]) => [pointer, commit]));
}

function leavesOf(object: JsonObject, pointer = ""): [string, Json][] {
  return Object.entries(object).flatMap(([name, value]): [string, Json][] => {
    const at = appendToken(pointer, name);
    return isObject(value) && !isEmpty(value) ? leavesOf(value, at) : [[at, value]];
  });
}

describe(`history, blame and restore (LAW_SEED=${SEED})`, () => {
  const law = async (kept: Partial<HistoryRetention>) => {
    const schemas = schemaFolder(OPEN_SCHEMAS);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: STEPS / 2, maxLength: STEPS }), async (steps) => {
        const store = await openTestStore(undefined, kept);
        try {
          const services = new Services(store, schemas);
          for (const id of ACCOUNTS)
            await services.accounts.create(OPEN_PRINCIPAL, {
              id,
              name: id,
              parentId: PARENTS[id],
              isReseller: id === "shop",
            });
          const model = new Model(services, kept.historyRevisions ?? 1_000);
          for (const [index, each] of steps.entries()) {
            await model.live(each);
            if (index % 10 === 9) await model.expectBlame(TARGETS[index % TARGETS.length]);
          }
          for (const on of TARGETS) {
            await model.expectHistory(on);
            await model.expectBlame(on);
          }
        } finally {
          await store.close();
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
  };

  it("equal the model's over all that is done to accounts and to documents of every layer", () => law({}));

  it("equal the model's as far as they are kept, and blame beyond that", () => law({ historyRevisions: 3 }));
});

it("nobody is told who wrote what in a layer above its reach", async () => {
  const store = await openTestStore();
  const services = new Services(store, schemaFolder(OPEN_SCHEMAS));
  await services.tree(["root"], ["shop*", "root"], ["one", "shop"]);
  await services.set(undefined, "open", { s: 1 });
  await services.set("shop", "open", { r: 1 });
  await services.set("one", "open", { a: 1 });
  const told = async (caller: Partial<typeof OPEN_PRINCIPAL>) => {
    const principal = { ...OPEN_PRINCIPAL, isSuperadmin: false, issuedAt: 2_000_000_000, ...caller };
    const reader = createRequestReader(store, principal);
    const target = { accountId: "one", configId: "open" };
    const snapshot = await services.configs.effective(principal, target, reader);
    const blames = await FieldBlames.of(snapshot, reader);
    return snapshot.config.fields.flatMap((field) => (blames.at(field) === undefined ? [] : field.pointer));
  };
  expect(await told({ accountId: "one" })).toEqual(["/a"]);
  expect(await told({ accountId: "shop" })).toEqual(["/r", "/a"]);
  expect(await told({ isSuperadmin: true })).toEqual(["/s", "/r", "/a"]);
  await store.close();
});

/** What it takes to know who put what is in the store alone: another release, or none, may have written the document. */
describe("blame that the store does not have, or has of an older version", () => {
  it("follows from the history", async () => {
    const services = new Services(await openTestStore(), schemaFolder(OPEN_SCHEMAS));
    await services.tree(["root"]);
    const on = { accountId: "root", configId: "open" };
    const commitOlder = async (override: JsonObject, n: number) => {
      const commit = {
        expect: { documents: [], accounts: [] },
        write: { on: "document", key: on, override, kind: "SET" } as const,
        at: new Date(Date.UTC(2026, 1, n)).toISOString(),
        by: `older ${n}`,
        schema: undefined,
        operation: { id: `older-${n}`, digest: "x" },
      };
      expect(await services.store.commit(commit)).toMatchObject({ outcome: "done" });
    };
    await commitOlder({ a: 1, b: 1 }, 1);
    await commitOlder({ a: 1, b: 2 }, 2);
    const blamed = async () => {
      const snapshot = await services.read("root", "open");
      const blames = await FieldBlames.of(snapshot, createRequestReader(services.store, OPEN_PRINCIPAL));
      return Object.fromEntries(
        snapshot.config.fields.map((field) => [field.pointer, blames.at(field)?.revision]),
      );
    };
    expect(await blamed()).toEqual({ "/a": 1, "/b": 2 });
    await services.patch("root", "open", { c: 1 });
    expect(await blamed()).toEqual({ "/a": 1, "/b": 2, "/c": 3 });
    await commitOlder({ a: 1, b: 3, c: 1 }, 4);
    expect(await blamed()).toEqual({ "/a": 1, "/b": 4, "/c": 3 });
    await services.patch("root", "open", { d: 1 });
    expect(await blamed()).toEqual({ "/a": 1, "/b": 4, "/c": 3, "/d": 5 });
    const { revisions } = await services.store.history({ key: on, limit: 9, bytes: 2 ** 20 });
    const replayed = blameOfRevisions(
      undefined,
      revisions.toReversed().map(({ version, at, by, note, override }) => ({
        revision: version.revision,
        at,
        by,
        note,
        document: override,
      })),
    );
    expect(replayed && blamedCommit(replayed, tokensOf("/b"))?.by).toBe("older 4");
    await services.store.close();
  });
});
