import { describe, expect, test } from "vitest";
import { isEmpty, type JsonObject } from "../../src/domain/json/json.js";
import { EffectiveConfig } from "../../src/domain/merge/effective-config.js";
import { merge } from "../../src/domain/merge/merge.js";
import { loadSchemaRegistry } from "../../src/schema/schema-registry.js";
import { type ConfigProblem, isBlocking } from "../../src/service/problems.js";
import { decideInPieces, decideWrite } from "../../src/service/write/write-decision.js";
import { schemaFolder } from "../temporary-folder.js";

const MEMBERS = Object.fromEntries("key file other mode a b c d".split(" ").map((name) => [name, {}]));

/** The problems of a patch over a parent; `place` is where the schema stands, the values alike. */
function problemsOfPatch(
  schema: JsonObject,
  parent: JsonObject,
  patch: JsonObject,
  place: "root" | "nested",
): readonly ConfigProblem[] {
  const inPlace = (values: JsonObject): JsonObject => (place === "root" ? values : { tls: values });
  const open = { type: "object", properties: MEMBERS, ...schema };
  const account = place === "root" ? open : { properties: { tls: open } };
  const config = loadSchemaRegistry(schemaFolder({ "account_config.x": account })).configs.get("x");
  if (config?.forAccount === undefined) throw new Error("the schema of the test is not sound");
  const before = new EffectiveConfig("acme", "x", [
    { kind: "ACCOUNT", accountId: "acme", document: undefined },
    { kind: "SYSTEM", document: isEmpty(parent) ? undefined : inPlace(parent) },
  ]);
  const intent = { kind: "PATCH", patch: inPlace(patch) } as const;
  return decideWrite(intent, { override: undefined }, before, config, config.forAccount).problems;
}

const XOR = { oneOf: [{ required: ["key"] }, { required: ["file"] }] };
const THREE = { oneOf: [{ required: ["a"] }, { required: ["b"] }, { required: ["c"] }] };
const NOT_BOTH = { not: { anyOf: [{ required: ["a", "b"] }, { required: ["c", "d"] }] } };
const NOT_MODE = { not: { required: ["mode"], properties: { mode: { enum: ["x", "y"] } } } };
const both = (...schemas: JsonObject[]) => ({ allOf: schemas });

/** The parent has a problem; is the patch refused? */
const CASES: [name: string, schema: JsonObject, parent: JsonObject, patch: JsonObject, refused: boolean][] = [
  ["oneOf met by two branches instead of none", XOR, { other: 1 }, { key: 1, file: 1 }, true],
  ["oneOf still met by none", XOR, { other: 1 }, { mode: 1 }, false],
  ["oneOf still met by the same two", XOR, { key: 1, file: 1 }, { key: 2 }, false],
  ["oneOf met by others", THREE, { other: 1 }, { b: 1, c: 1 }, true],
  ["oneOf mended", XOR, { other: 1 }, { key: 1 }, false],
  [
    "another oneOf at the same place",
    both(XOR, { oneOf: [{ required: ["a"] }, { required: ["b"] }] }),
    { a: 1 },
    { key: 1, b: 1 },
    true,
  ],
  ["one of two oneOfs mended", both(XOR, THREE), { other: 1 }, { key: 1 }, false],
  [
    "anyOf still met by none",
    { anyOf: [{ required: ["a"] }, { required: ["b"] }] },
    { other: 1 },
    { c: 1 },
    false,
  ],
  [
    "anyOf failed by a value of the patch",
    { anyOf: [{ required: ["a"] }, { required: ["b"], properties: { b: { type: "string" } } }] },
    {},
    { b: 1 },
    true,
  ],
  ["required still missing", { required: ["a"] }, { other: 1 }, { b: 1 }, false],
  ["required of a member that is new", { properties: { a: { required: ["x"] } } }, {}, { a: { y: 1 } }, true],
  ["not broken in another way", NOT_BOTH, { a: 1, b: 1 }, { c: 1, d: 1 }, true],
  ["not still broken in the same way", NOT_BOTH, { a: 1, b: 1 }, { other: 1 }, false],
  ["not broken by another value", NOT_MODE, { mode: "x" }, { mode: "y" }, true],
  ["not broken beside other values", NOT_MODE, { mode: "x" }, { a: 1 }, false],
  ["maxProperties passed by more", { maxProperties: 1 }, { a: 1, b: 1 }, { c: 1 }, true],
  ["maxProperties passed by as many", { maxProperties: 1 }, { a: 1, b: 1 }, { b: 2 }, false],
  ["minProperties not reached by as few", { minProperties: 3 }, { a: 1 }, { a: 2 }, false],
  ["const broken by another value", { const: { a: 1 } }, { a: 2 }, { a: 3 }, true],
  ["enum broken by another value", { enum: [{ a: 1 }, { b: 1 }] }, { a: 2 }, { c: 1 }, true],
  ["dependentRequired still missing", { dependentRequired: { a: ["b"] } }, { a: 1 }, { c: 1 }, false],
  [
    "dependentRequired that another member wants as well",
    { dependentRequired: { a: ["b"], c: ["b"] } },
    { a: 1 },
    { c: 1 },
    true,
  ],
  [
    "else instead of then",
    {
      if: { properties: { mode: { const: "x" } }, required: ["mode"] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword
      then: { required: ["a"] },
      else: { required: ["b"] },
    },
    {},
    { mode: "x" },
    true,
  ],
  ["additionalProperties of another name", { patternProperties: { "^a": {} } }, { a1: 1 }, { a2: 1 }, false],
  ["propertyNames of another name", { propertyNames: { maxLength: 2 } }, { other: 1 }, { mode: 1 }, true],
  ["propertyNames of the same name", { propertyNames: { maxLength: 2 } }, { other: 1 }, { a: 1 }, false],
  [
    "type of a value that is the patch's own",
    { properties: { a: { type: "string" } } },
    { a: 1 },
    { a: 2 },
    true,
  ],
];

describe.each(["nested", "root"] as const)("R12, %s: a parent's problem is", (place) => {
  test.each(CASES)("%s", (_, schema, parent, patch, refused) => {
    const problems = problemsOfPatch(schema, parent, patch, place);
    expect(problems.some(isBlocking), JSON.stringify(problems)).toBe(refused);
    // What the keyword found is for comparing, and not for anybody to read.
    for (const problem of problems) expect(Object.keys(problem)).not.toContain("finding");
  });

  test("told once for those who want to read it, however many branches say so", () => {
    const schema = { anyOf: [{ required: ["a"] }, { required: ["a"], properties: { b: {} } }] };
    const told = problemsOfPatch(schema, {}, { c: 1 }, place).filter(({ keyword }) => keyword === "required");
    expect(told).toHaveLength(1);
  });
});

test("R12: merging what the parent lacks is no problem of the parent", () => {
  const parent = { other: 1 };
  expect(merge([{ key: 1 }, parent])).toEqual({ key: 1, other: 1 });
  expect(problemsOfPatch(XOR, parent, { key: 1 }, "nested")).toEqual([]);
});

test("a write is judged in pieces: between two configs that are judged, others have their turn", () => {
  const account = { properties: { v: { additionalProperties: { type: "string" }, minProperties: 9_000 } } };
  const schema = loadSchemaRegistry(schemaFolder({ "account_config.x": account })).configs.get("x");
  if (schema?.forAccount === undefined) throw new Error("the schema of the test is not sound");
  const members = (name: string) => Object.fromEntries(Array.from({ length: 600 }, (_, i) => [name + i, i]));
  const before = new EffectiveConfig("acme", "x", [
    { kind: "ACCOUNT", accountId: "acme", document: { v: members("a") } },
    { kind: "SYSTEM", document: { v: members("b") } },
  ]);
  const { validate, ...rest } = schema.forAccount;
  let judged = 0;
  const judge = (values: JsonObject) => {
    judged++;
    return validate(values);
  };
  const perspective = { ...rest, validate: judge };
  const values = { v: { ...members("a"), ...members("c") } };
  const stored = { override: { v: members("a") } };
  const work = decideInPieces({ kind: "SET", values }, stored, before, schema, perspective);
  const counts: number[] = [];
  for (let piece = work.next(); ; piece = work.next()) {
    counts.push(judged);
    judged = 0;
    if (piece.done === true) break;
  }
  expect(Math.max(...counts)).toBe(1);
  expect(counts.reduce((sum, count) => sum + count)).toBe(4);
});
