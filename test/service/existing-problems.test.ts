import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  canonical,
  equals,
  isEmpty,
  isObject,
  type Json,
  type JsonObject,
} from "../../src/domain/json/json.js";
import { appendToken } from "../../src/domain/json/pointer.js";
import { EffectiveConfig } from "../../src/domain/merge/effective-config.js";
import { visiblePart } from "../../src/domain/merge/visibility.js";
import type { ConfigSchema, Perspective } from "../../src/schema/config-schema.js";
import { loadSchemaRegistry } from "../../src/schema/schema-registry.js";
import type { Rejection } from "../../src/schema/validation.js";
import { isBlocking } from "../../src/service/problems.js";
import { decideWrite, type WriteDecision, type WriteIntent } from "../../src/service/write/write-decision.js";
import { cases, SEED } from "../cases.js";
import { Genome } from "../domain/genome.js";
import { law } from "../domain/law.js";
import { schemaFolder } from "../temporary-folder.js";
import { OPEN_SCHEMAS, openServices, Services, written } from "./services.js";

/** The same store under another schema folder. */
async function underNewFolder(
  files: Readonly<Record<string, JsonObject>>,
  fill: (services: Services) => Promise<unknown>,
): Promise<Services> {
  const services = await openServices(schemaFolder(OPEN_SCHEMAS));
  await services.tree(["root"], ["leaf", "root"]);
  await fill(services);
  return new Services(services.store, schemaFolder(files));
}

const STRICT = {
  "account_config.open": {
    properties: {
      a: { type: "integer" },
      b: { type: "integer" },
      o: { type: "object", properties: { x: { type: "integer" }, y: {}, z: {} }, required: ["z"] },
      list: { items: { type: "string" } },
    },
  },
  "system_config.open": {
    properties: { a: { type: "integer" }, b: { type: "integer" } },
    additionalProperties: false,
  },
} as const;
const STORED = { a: "old", b: 1, o: { x: "old", y: 1 }, list: [1, "x"], gone: 1 };

const underStrict = () => underNewFolder(STRICT, (services) => services.set("leaf", "open", STORED));

describe("R12: what a new schema folder rejects", () => {
  test("does not block a patch of something else, and is told with it", async () => {
    const services = await underStrict();
    const { snapshot, document } = written(await services.patch("leaf", "open", { b: 2 }));
    expect(document).toMatchObject({ a: "old", b: 2 });
    expect(snapshot.problems.map(({ pointer, existing }) => [pointer, existing]).sort()).toEqual([
      ["/a", true],
      ["/list/0", true],
      ["/o/x", true],
      ["/o/z", true],
    ]);
    expect(await services.stored("leaf", "open")).toMatchObject({ gone: 1, b: 2 });
    // Without a write nothing was there before it.
    const { problems } = await services.read("leaf", "open");
    expect(problems.map(({ existing }) => existing)).toEqual([false, false, false, false]);
  });

  test("does not block sending back what was read", async () => {
    const services = await underStrict();
    const { values } = (await services.read("leaf", "open")).config;
    const { gone: _undeclared, ...seen } = STORED;
    expect(values).toEqual(seen);
    expect(written(await services.set("leaf", "open", values)).document).toEqual(seen);
    expect(written(await services.set("leaf", "open", { ...values, b: 3 })).document).toMatchObject({ b: 3 });
    const dry = await services.write("leaf", "open", { kind: "SET", values }, { dryRun: true });
    expect(written(dry).snapshot.problems.every(({ existing }) => existing)).toBe(true);
  });

  test("is judged where the write changes it, above it or below it", async () => {
    const services = await underStrict();
    for (const patch of [
      { a: "new" },
      { a: { deep: 1 } },
      { o: { x: "new" } },
      { o: 5 },
      { list: [1, "y"] },
      { o: { z: { q: 1 }, x: "new" } },
    ]) {
      const result = await services.patch("leaf", "open", patch);
      expect(result, JSON.stringify(patch)).toMatchObject({ result: "invalid" });
    }
    expect(written(await services.patch("leaf", "open", { a: 1, o: { x: 2, z: 3 } })).document).toMatchObject(
      {
        a: 1,
      },
    );
  });

  test("is told beside what blocks, and is not counted among it", async () => {
    const services = await underStrict();
    const result = await services.patch("leaf", "open", { b: "new" });
    expect(
      result.result === "invalid" && result.problems.map((one) => [one.pointer, isBlocking(one)]),
    ).toEqual(
      expect.arrayContaining([
        ["/b", true],
        ["/a", false],
      ]),
    );
  });

  test("is judged when a value comes back to it", async () => {
    const services = await underStrict();
    written(await services.patch("leaf", "open", { a: 1 }));
    expect(await services.patch("leaf", "open", { a: "old" })).toMatchObject({ result: "invalid" });
  });

  test("at the system level: settings nobody declares now do not block either, and go when they are not sent", async () => {
    const services = await underNewFolder(STRICT, (before) => before.set(undefined, "open", STORED));
    written(await services.patch(undefined, "open", { b: 2 }));
    const { values } = (await services.read(undefined, "open")).config;
    expect(values).toMatchObject({ gone: 1 });
    expect(written(await services.set(undefined, "open", { ...values, b: 3 })).document).toEqual({
      ...STORED,
      b: 3,
    });
    expect(await services.patch(undefined, "open", { gone: 2 })).toMatchObject({ result: "invalid" });
    expect(await services.patch(undefined, "open", { gone: { deep: 1 } })).toMatchObject({
      result: "invalid",
    });
    const { gone: _gone, ...rest } = values;
    expect(written(await services.set(undefined, "open", rest)).document).not.toHaveProperty("gone");
    expect(await services.patch(undefined, "open", { gone: 1 })).toMatchObject({ result: "invalid" });
  });

  test("an account cannot guess what it does not see, be it its own leftover", async () => {
    const services = await underNewFolder(
      {
        "account_config.open": { properties: { a: {} } },
        "system_config.open": { properties: { a: {}, gone: {} } },
      },
      async (before) => {
        await before.set("leaf", "open", { gone: "secret", other: "secret" });
        await before.set(undefined, "open", { gone: "secret" });
      },
    );
    for (const value of ["secret", "guess"]) {
      expect(await services.patch("leaf", "open", { gone: value, other: value })).toMatchObject({
        result: "invalid",
        problems: [
          { pointer: "/gone", keyword: "systemOnly", existing: false },
          { pointer: "/other", keyword: "unknown", existing: false },
        ],
      });
    }
    written(await services.patch("leaf", "open", { gone: null, other: null, nowhere: { deep: null } }));
    expect(await services.stored("leaf", "open")).toBeUndefined();
  });

  test("a reserved name that an account sees can be sent back, and not be changed", async () => {
    const named = { "account_config.open": { properties: { _old: {} }, additionalProperties: true } };
    const before = await openServices(schemaFolder(named));
    await before.tree(["root"]);
    await before.set("root", "open", { _old: 1, a: 1 });
    const unnamed = { "account_config.open": { additionalProperties: true } };
    const services = new Services(before.store, schemaFolder(unnamed));
    const { values } = (await services.read("root", "open")).config;
    expect(written(await services.set("root", "open", { ...values, a: 2 })).document).toEqual({
      _old: 1,
      a: 2,
    });
    expect(await services.set("root", "open", { ...values, _old: 2 })).toMatchObject({ result: "invalid" });
    expect(await services.set("root", "open", { ...values, _new: 1 })).toMatchObject({ result: "invalid" });
  });
});

/** Reads schemas, documents and writes out of bytes. */
class CaseGenome extends Genome {
  object(depth = 0, nulls = false): JsonObject {
    const members = Array.from({ length: this.next(4) }, (): [string, Json] => [
      this.pick(NAMES),
      this.value(depth + 1, nulls),
    ]);
    return Object.fromEntries(members);
  }

  value(depth: number, nulls: boolean): Json {
    const choice = this.next(8);
    if (choice < 3 && depth < 3) return this.object(depth, nulls);
    if (choice === 3) return this.pick<Json>([[], [1], [1, 1], ["x", null]]);
    if (choice === 4 && nulls) return null;
    return this.pick<Json>([0, 1, 2, "x", "y", true]);
  }

  schema(depth = 0): JsonObject {
    const parts = Array.from({ length: 1 + this.next(3) }, () => this.part(depth));
    const own = Object.assign({}, ...parts) as JsonObject;
    return depth === 0 ? { ...own, additionalProperties: own.additionalProperties || true } : own;
  }

  part(depth: number): JsonObject {
    const deeper = () => (depth < 3 ? this.schema(depth + 1) : { type: "integer" });
    const names = () => [this.pick(NAMES), this.pick(NAMES)];
    switch (this.next(14)) {
      case 0:
        return { type: this.pick(["integer", "string", "object"]) };
      case 1:
        return { enum: [this.value(2, false), this.value(1, false)] };
      case 2:
        return { required: [...new Set(names())] };
      case 3:
        return { minProperties: this.next(3) };
      case 4:
        return { maxProperties: this.next(3) };
      case 5:
        return { oneOf: [deeper(), deeper(), deeper()] };
      case 6:
        return { anyOf: [deeper(), deeper()] };
      case 7:
        return { not: deeper() };
      case 8:
        // biome-ignore lint/suspicious/noThenProperty: a keyword
        return { if: deeper(), then: deeper(), else: deeper() };
      case 9:
        return { dependentRequired: { [this.pick(NAMES)]: [this.pick(NAMES)] } };
      case 10:
        return { allOf: [deeper(), deeper()] };
      case 11:
        return { additionalProperties: depth === 0 ? true : this.pick<Json>([true, { type: "integer" }]) };
      default:
        return { properties: { [this.pick(NAMES)]: deeper(), [this.pick(NAMES)]: deeper() } };
    }
  }
}
const NAMES = ["a", "b", "c"] as const;
const RUNS = cases(3_000);
const SCHEMAS = cases(150);

interface Case {
  /** Which of the schemas. */
  readonly schema: number;
  readonly parent: JsonObject;
  readonly own: JsonObject;
  readonly intent: WriteIntent;
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength, size: "max" });

const writes: fc.Arbitrary<Case> = fc.tuple(fc.nat(), bytes(60)).map(([schema, read]) => {
  const genome = new CaseGenome(read);
  const [parent, own] = [genome.object(), genome.object()];
  const isSet = genome.next(3) === 0;
  const given = genome.object(0, true);
  // A set that sends back most of what was read.
  const intent: WriteIntent = isSet
    ? { kind: "SET", values: { ...parent, ...own, ...given } }
    : { kind: "PATCH", patch: given };
  return { schema, parent, own, intent };
});

interface Decided {
  readonly before: EffectiveConfig;
  readonly decision: WriteDecision;
  readonly perspective: Perspective;
}

let loaded: readonly ConfigSchema[] = [];
/** One folder for all: to load one for each case would take most of the time. */
function schemas(): readonly ConfigSchema[] {
  if (loaded.length > 0) return loaded;
  const samples = fc.sample(bytes(60), { numRuns: SCHEMAS, seed: SEED });
  const files = samples.map(
    (read, index) => [`account_config.${index}`, new CaseGenome(read).schema()] as const,
  );
  loaded = [...loadSchemaRegistry(schemaFolder(Object.fromEntries(files))).configs.values()];
  return loaded;
}

function decide({ schema, parent, own, intent }: Case): Decided {
  const config = schemas()[schema % schemas().length];
  if (config?.forAccount === undefined) throw new Error("no schema of the test is sound");
  const { visibility } = config.forAccount;
  const before = new EffectiveConfig("acme", "x", [
    { kind: "ACCOUNT", accountId: "acme", document: visiblePart(own, visibility) },
    { kind: "SYSTEM", document: visiblePart(parent, visibility) },
  ]);
  const decision = decideWrite(intent, { override: own }, before, config, config.forAccount);
  return { before, decision, perspective: config.forAccount };
}

/** By pointer, every leaf: arrays and empty objects are leaves; the root is none. */
function leavesOf(value: Json, pointer = ""): Map<string, Json> {
  if (!isObject(value) || (isEmpty(value) && pointer !== "")) return new Map([[pointer, value]]);
  return new Map(
    Object.entries(value).flatMap(([key, one]) => [...leavesOf(one, appendToken(pointer, key))]),
  );
}

function changedLeaves(before: JsonObject, after: JsonObject): string[] {
  const [olds, nows] = [leavesOf(before), leavesOf(after)];
  return [...new Set([...olds.keys(), ...nows.keys()])].filter((at) => !equals(olds.get(at), nows.get(at)));
}

const isAtOrAbove = (above: string, pointer: string) => above === pointer || pointer.startsWith(`${above}/`);
const isNear = (leaf: string, pointer: string) => isAtOrAbove(leaf, pointer) || isAtOrAbove(pointer, leaf);
const textOf = ({ pointer, keyword, message, finding }: Rejection) =>
  canonical([pointer, keyword, message, finding ?? null]);

/** What the rule says of each rejection, found out another way: from lists of leaves. */
function expectations({ before, decision, perspective }: Decided) {
  const { after, content } = decision;
  const { override = {} } = content;
  const old = new Set(perspective.validate(before.values).map(textOf));
  const ofParent = new Set(perspective.validate(before.parent().values).map(textOf));
  const changed = changedLeaves(before.values, after.values);
  const own = [...leavesOf(visiblePart(override, perspective.visibility) ?? {}).keys()];
  return perspective.validate(after.values).map((rejection) => ({
    rejection,
    inherited: ofParent.has(textOf(rejection)) && !own.some((leaf) => isAtOrAbove(leaf, rejection.pointer)),
    existing: old.has(textOf(rejection)) && !changed.some((leaf) => isNear(leaf, rejection.pointer)),
  }));
}

/** Where a setting was sent that nobody declares; what else is wrong there is not told. */
const unknownIn = ({ decision }: Decided) =>
  new Set(decision.problems.flatMap(({ keyword, pointer }) => (keyword === "unknown" ? [pointer] : [])));

/** Dropping overrides alone is never refused. */
const isJudged = ({ intent }: Case, { decision }: Decided) =>
  intent.kind === "SET" || decision.problems.length > 0;

law(
  "R12: what was there before, where the write changes nothing near, never blocks it",
  writes,
  (given) => {
    const decided = decide(given);
    if (decided === undefined) return undefined;
    const blocking = decided.decision.problems.filter(isBlocking);
    const unknown = unknownIn(decided);
    for (const { rejection, inherited, existing } of expectations(decided)) {
      if ((!inherited && !existing) || unknown.has(rejection.pointer)) continue;
      const { pointer, keyword, message } = rejection;
      const isTold = decided.decision.problems.some(
        (one) =>
          one.pointer === pointer && one.keyword === keyword && one.message === message && !isBlocking(one),
      );
      expect(isTold || !isJudged(given, decided)).toBe(true);
    }
    if (expectations(decided).every(({ inherited, existing }) => inherited || existing))
      expect(blocking.filter(({ keyword }) => keyword !== "unknown")).toEqual([]);
    return undefined;
  },
  RUNS,
);

law(
  "R12: what the write causes blocks it, unless the parent has it by itself",
  writes,
  (given) => {
    const decided = decide(given);
    if (!isJudged(given, decided)) return undefined;
    const undeclared = decided.decision.problems.filter(({ keyword }) => keyword === "unknown");
    const unknown = new Set(undeclared.map(({ pointer }) => pointer));
    for (const { rejection, inherited, existing } of expectations(decided)) {
      if (inherited || existing || unknown.has(rejection.pointer)) continue;
      const { pointer, keyword, message } = rejection;
      expect(decided.decision.problems).toContainEqual(
        expect.objectContaining({ pointer, keyword, message, inherited: false, existing: false }),
      );
    }
    return undefined;
  },
  RUNS,
);

law(
  "R12: sending back what is in force is never refused, and changes nothing of it",
  writes,
  (given) => {
    const read = decide(given)?.before.values;
    if (read === undefined) return undefined;
    const sent = decide({ ...given, intent: { kind: "SET", values: read } });
    expect(sent.decision.problems.filter(isBlocking)).toEqual([]);
    expect(sent.decision.after.values).toEqual(read);
    return undefined;
  },
  RUNS,
);
