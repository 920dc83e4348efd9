import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  equals,
  isEmpty,
  isObject,
  type Json,
  type JsonObject,
  withoutNulls,
} from "../../src/domain/json/json.js";
import { appendToken, tokensOf } from "../../src/domain/json/pointer.js";
import type { Constraint } from "../../src/domain/merge/constraint.js";
import { merge } from "../../src/domain/merge/merge.js";
import { diff } from "../../src/domain/write/diff.js";
import { applyPatch, reset } from "../../src/domain/write/patch.js";
import { PinTree } from "../../src/domain/write/pins.js";
import type { RequestedIntent } from "../../src/service/write/config-write.js";
import { cases, SEED } from "../cases.js";
import { storedDocuments } from "../store/stored-documents.js";
import { openTestStore } from "../store/test-store.js";
import { schemaFolder } from "../temporary-folder.js";
import { OPEN_SCHEMAS, Services } from "./services.js";

/** Long: 100,000 steps in all. */
const IS_LONG = process.env.STRATA_TEST_LONG === "1";
const RUNS = IS_LONG ? 500 : cases(8);
const STEPS = IS_LONG ? 200 : 40;

/** Of each account the layers that it sees, its own first; `shop` is a reseller, `root` its reseller. */
const LAYERS = {
  system: ["system"],
  root: ["root", "system"],
  shop: ["shop", "root", "system"],
  one: ["one", "shop", "system"],
} as const;
type Owner = keyof typeof LAYERS;
const OWNERS = Object.keys(LAYERS) as Owner[];
const idOf = (owner: Owner) => (owner === "system" ? undefined : owner);

interface Content {
  readonly override: JsonObject;
  readonly constraints: readonly Constraint[];
  readonly pins: readonly string[];
}
const NOTHING: Content = { override: {}, constraints: [], pins: [] };

/** Bounds, and what they reject, in words of this test. */
const BOUNDS: readonly { readonly schema: JsonObject; readonly rejects: (value: Json) => boolean }[] = [
  { schema: { type: "integer" }, rejects: (value) => !Number.isInteger(value) },
  { schema: { maximum: 1 }, rejects: (value) => typeof value === "number" && value > 1 },
  { schema: { minProperties: 2 }, rejects: (value) => isObject(value) && Object.keys(value).length < 2 },
  { schema: { required: ["a"] }, rejects: (value) => isObject(value) && !Object.hasOwn(value, "a") },
  { schema: { pattern: "^y" }, rejects: (value) => typeof value === "string" && !value.startsWith("y") },
];

const key = fc.constantFrom("a", "b", "c");
const leaf = fc.constantFrom<Json>(1, 2, "x", "y", [], {});
const inner = fc.dictionary(key, leaf, { maxKeys: 3, noNullPrototype: true });
const values = fc.dictionary(key, fc.oneof(leaf, inner), { maxKeys: 3, noNullPrototype: true });
const nullable = fc.oneof({ weight: 4, arbitrary: leaf }, { weight: 1, arbitrary: fc.constant(null) });
const patch = fc.dictionary(
  key,
  fc.oneof(nullable, fc.dictionary(key, nullable, { maxKeys: 2, noNullPrototype: true })),
  { maxKeys: 2, noNullPrototype: true },
);
const pointer = fc.constantFrom("", "/a", "/b", "/c", "/a/a", "/a/b", "/b/a", "/c/c");
const pin = fc.option(fc.array(pointer, { minLength: 1, maxLength: 2 }), { nil: undefined, freq: 2 });
const constraint = fc.record({
  pointer,
  bounds: fc.option(fc.nat({ max: BOUNDS.length - 1 }), { freq: 3 }),
  reason: fc.constantFrom("r", "s"),
});
const step = fc.record({
  on: fc.constantFrom(...OWNERS),
  act: fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("SET" as const), values, pin }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("PATCH" as const), patch, pin }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("RESET" as const),
        pointers: fc.array(pointer, { maxLength: 2 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("RESTORE" as const), back: fc.nat({ max: 6 }) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("CONSTRAIN" as const),
        set: fc.uniqueArray(constraint, { maxLength: 2, selector: (each) => each.pointer }),
        remove: fc.array(pointer, { maxLength: 3 }),
      }),
    },
  ),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function leavesOf(object: JsonObject, at = ""): Map<string, Json> {
  return new Map(
    Object.entries(object).flatMap(([name, value]) => {
      const here = appendToken(at, name);
      return isObject(value) && !isEmpty(value) ? [...leavesOf(value, here)] : [[here, value] as const];
    }),
  );
}

function valueAt(object: JsonObject, at: string): Json | undefined {
  return tokensOf(at).reduce<Json | undefined>(
    (value, token) => (isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined),
    object,
  );
}

/** A copy with a value put, whatever was in the way. */
function withValue(object: JsonObject, [token, ...rest]: readonly string[], value: Json): JsonObject {
  if (token === undefined) return object;
  const old = Object.hasOwn(object, token) ? object[token] : undefined;
  const inside = rest.length === 0 ? value : withValue(isObject(old) ? old : {}, rest, value);
  return { ...object, [token]: inside };
}

const isUnder = (at: string, above: string) => at.startsWith(`${above}/`);

/** R17 word for word. */
function excludes(
  { pointer: at, kind, schema }: Constraint,
  override: JsonObject,
  [where, value]: readonly [string, Json],
): boolean {
  if (isUnder(at, where)) return !isObject(value);
  if (where !== at && !isUnder(where, at)) return false;
  if (kind === "LOCK") return true;
  const judged = valueAt(override, at) as Json;
  return BOUNDS.some((each) => equals(each.schema, schema ?? {}) && each.rejects(judged));
}

/** Everything that was written, in memory, and what follows from it: by lists of leaves, not by walks. */
class Model {
  readonly #documents = new Map<Owner, Content>();
  readonly #histories = new Map<Owner, Content[]>();
  readonly #floors = new Map<Owner, number>();

  /** Revisions up to this one are of another run. */
  floor(owner: Owner): number {
    return this.#floors.get(owner) ?? 0;
  }

  begin(owner: Owner, revision: number): void {
    this.#floors.set(owner, revision);
    this.history(owner).push(...Array<Content>(revision).fill(NOTHING));
  }

  of(owner: Owner): Content {
    return this.#documents.get(owner) ?? NOTHING;
  }

  history(owner: Owner): Content[] {
    const known = this.#histories.get(owner) ?? [];
    this.#histories.set(owner, known);
    return known;
  }

  write(owner: Owner, content: Content): void {
    this.#documents.set(owner, content);
    this.history(owner).push(content);
  }

  /** Of an owner's own document, or that of one of its layers: what is admitted, and what is dormant. */
  split(
    owner: Owner,
    place = 0,
    own = this.of(owner),
  ): { readonly admitted: JsonObject; readonly dormant: Map<string, Json> } {
    const layers = LAYERS[owner];
    const override = place === 0 ? own.override : this.of(layers[place] as Owner).override;
    const binding = layers.slice(place + 1).flatMap((layer) => this.of(layer).constraints);
    const dormant = new Map<string, Json>();
    let admitted: JsonObject = {};
    for (const each of leavesOf(override)) {
      if (binding.some((one) => excludes(one, override, each))) dormant.set(...each);
      else admitted = withValue(admitted, tokensOf(each[0]), each[1]);
    }
    return { admitted, dormant };
  }

  effective(owner: Owner, own = this.of(owner)): JsonObject {
    return merge(LAYERS[owner].map((_, place) => this.split(owner, place, own).admitted));
  }

  parent(owner: Owner): JsonObject {
    return this.effective(owner, NOTHING);
  }

  /** The document that a write leads to, and the values that it asks for; undefined: a pin names nothing in force. */
  after(owner: Owner, intent: RequestedIntent): { content: Content; sent: JsonObject } | undefined {
    const { override, constraints, pins } = this.of(owner);
    const parent = this.parent(owner);
    const { dormant } = this.split(owner);
    switch (intent.kind) {
      case "SET": {
        const sent = (withoutNulls(intent.values) ?? {}) as JsonObject;
        const lasting = pins.filter((at) => !dormant.has(at) || equals(dormant.get(at), valueAt(sent, at)));
        const made = diff(sent, parent, PinTree.of(lasting));
        return this.#pinned(owner, { override: made, constraints, pins }, sent, intent.pin);
      }
      case "PATCH": {
        const sent = (withoutNulls(intent.patch) ?? {}) as JsonObject;
        const lasting = pins.filter((at) => !dormant.has(at) || equals(dormant.get(at), valueAt(sent, at)));
        const made = applyPatch(override, parent, intent.patch, PinTree.of(lasting));
        return this.#pinned(owner, { override: made, constraints, pins }, sent, intent.pin);
      }
      case "RESET":
        return this.#pinned(owner, { override: reset(override, intent.pointers), constraints, pins }, {}, []);
      case "RESTORE": {
        const past = this.history(owner)[intent.revision - 1] ?? NOTHING;
        return { content: past, sent: diff(past.override, override) };
      }
      case "CONSTRAIN": {
        const left = constraints.filter(
          ({ pointer: at }) => !intent.remove.includes(at) && !intent.set.some((each) => each.pointer === at),
        );
        const all = [...left, ...intent.set].sort((a, b) => (a.pointer < b.pointer ? -1 : 1));
        return { content: { override, constraints: all, pins }, sent: {} };
      }
    }
  }

  #pinned(owner: Owner, content: Content, sent: JsonObject, wanted: readonly string[] = []) {
    const inForce = [...leavesOf(this.effective(owner, content))];
    let { override } = content;
    const pinned = new Set(content.pins);
    for (const at of wanted) {
      const found = inForce.filter(([where]) => where === at || at === "" || isUnder(where, at));
      if (found.length === 0) return undefined;
      for (const [where, value] of found) {
        override = withValue(override, tokensOf(where), value);
        pinned.add(where);
      }
    }
    const pins = [...leavesOf(override).keys()].filter((at) => pinned.has(at));
    return { content: { ...content, override, pins }, sent };
  }

  isRefused(
    owner: Owner,
    intent: RequestedIntent,
    { content, sent }: { content: Content; sent: JsonObject },
  ): boolean {
    const isDrop = isEmpty(sent) && !("pin" in intent && intent.pin);
    if (intent.kind === "CONSTRAIN" || (isDrop && intent.kind !== "SET")) return false;
    const before = this.split(owner).dormant;
    return [...this.split(owner, 0, content).dormant].some(([at, value]) => {
      const isSame = equals(leavesOf(this.of(owner).override).get(at), value);
      return !isSame || (valueAt(sent, at) !== undefined && !before.has(at));
    });
  }
}

function intentOf({ act }: Step, model: Model, owner: Owner): RequestedIntent | undefined {
  switch (act.kind) {
    case "RESTORE": {
      const revision = model.history(owner).length - act.back;
      return revision <= model.floor(owner) ? undefined : { kind: "RESTORE", revision };
    }
    case "CONSTRAIN": {
      const set = act.set.map(({ pointer: at, bounds, reason }): Constraint => {
        const schema = bounds === null ? undefined : BOUNDS[bounds]?.schema;
        return schema === undefined
          ? { pointer: at, kind: "LOCK", reason }
          : { pointer: at, kind: "BOUNDS", schema, reason };
      });
      return { kind: "CONSTRAIN", set, remove: act.remove };
    }
    default:
      return act as RequestedIntent;
  }
}

async function expectAsModelled(services: Services, model: Model): Promise<void> {
  for (const owner of OWNERS) {
    const { config } = await services.read(idOf(owner), "open");
    expect(config.values).toEqual(model.effective(owner));
    const wanted = LAYERS[owner].flatMap((layer, place) =>
      [...model.split(owner, place).dormant].map((each) => [layer, ...each]),
    );
    const found = config.dormant.map(({ layer, pointer: at, value }) => [
      LAYERS[owner][LAYERS[owner].length - layer],
      at,
      value,
    ]);
    expect(new Set(found.map(String))).toEqual(new Set(wanted.map(String)));
  }
  const stored = await storedDocuments(
    services.store,
    OWNERS.map((owner) => ({ accountId: idOf(owner), configId: "open" })),
  );
  for (const [index, owner] of OWNERS.entries()) {
    const { override = {}, constraints = [], pins = [] } = stored[index] ?? {};
    const model_ = model.of(owner);
    expect(equals(override, model_.override)).toBe(true);
    expect(constraints).toEqual(model_.constraints);
    expect(new Set(pins)).toEqual(new Set(model_.pins));
  }
}

async function live(services: Services, model: Model, each: Step): Promise<string> {
  const owner = each.on;
  const intent = intentOf(each, model, owner);
  if (intent === undefined) return "none";
  const wanted = model.after(owner, intent);
  const writing = services.write(idOf(owner), "open", intent as never);
  if (wanted === undefined) {
    await expect(writing).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    return "badPin";
  }
  const result = await writing;
  if (model.isRefused(owner, intent, wanted)) {
    expect(result.result).toBe("invalid");
    return "refused";
  }
  if (result.result !== "written") throw new Error(`not written: ${JSON.stringify(result)}`);
  if (result.revision === undefined) {
    const { override, constraints, pins } = model.of(owner);
    expect([
      equals(wanted.content.override, override),
      wanted.content.constraints,
      new Set(wanted.content.pins),
    ]).toEqual([true, constraints, new Set(pins)]);
    return "unchanged";
  }
  model.write(owner, wanted.content);
  return intent.kind;
}

describe(`constraints and pins against a model (LAW_SEED=${SEED})`, () => {
  it("keep what they exclude out of force, whatever is written where, and give it back when they are lifted", async () => {
    const store = await openTestStore();
    const schemas = schemaFolder(OPEN_SCHEMAS);
    let run = 0;
    const seen = new Map<string, number>();
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: STEPS / 2, maxLength: STEPS, size: "max" }),
          async (steps) => {
            const services = new Services(store, schemas);
            if (run++ === 0) await services.tree(["root"], ["shop*", "root"], ["one", "shop"]);
            else await startOver(services);
            const model = await freshModel(services);
            for (const each of steps) {
              const outcome = await live(services, model, each);
              seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
              await expectAsModelled(services, model);
            }
            for (const owner of OWNERS) {
              const remove = model.of(owner).constraints.map((one) => one.pointer);
              await services.write(idOf(owner), "open", { kind: "CONSTRAIN", set: [], remove });
            }
            for (const owner of OWNERS) {
              const { config } = await services.read(idOf(owner), "open");
              expect(config.values).toEqual(merge(LAYERS[owner].map((layer) => model.of(layer).override)));
            }
          },
        ),
        { seed: SEED, numRuns: RUNS },
      );
    } finally {
      await store.close();
    }
    console.log([...seen].map(([outcome, count]) => `${outcome}: ${count}`).join(", "));
    // So few steps as a usual run has may lack a kind.
    if (IS_LONG)
      expect([...seen.keys()]).toEqual(
        expect.arrayContaining(["refused", "SET", "PATCH", "CONSTRAIN", "RESTORE"]),
      );
  }, 3_600_000);
});

/** All documents empty, whatever the run before left. */
async function startOver(services: Services): Promise<void> {
  for (const owner of OWNERS) {
    const [stored] = await storedDocuments(services.store, [{ accountId: idOf(owner), configId: "open" }]);
    const remove = stored?.constraints?.map((one) => one.pointer) ?? [];
    await services.write(idOf(owner), "open", { kind: "CONSTRAIN", set: [], remove });
    await services.reset(idOf(owner), "open");
  }
}

/** Revisions count on: those of runs before are not restored. */
async function freshModel(services: Services): Promise<Model> {
  const model = new Model();
  for (const owner of OWNERS) {
    model.begin(owner, await services.revision(idOf(owner), "open"));
  }
  return model;
}
