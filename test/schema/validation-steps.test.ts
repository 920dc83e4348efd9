import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/domain/json/json.js";
import { processorTime } from "../fair-time.js";
import { loadAccount } from "./temporary-folder.js";

const KINDS = ["call", "menu", "say", "end"];
const node = (kind: string): JsonObject => ({
  required: ["module"],
  properties: { next: { $ref: "#/$defs/node" }, module: { enum: [kind] } },
});
const chain = (depth: number, last: Json): Json =>
  depth === 0 ? last : { module: KINDS[depth % 4] as string, next: chain(depth - 1, last) };
const list = <T>(length: number, make: (index: number) => T): T[] =>
  Array.from({ length }, (_, i) => make(i));
const members = (count: number, value: Json, name = "k"): JsonObject =>
  Object.fromEntries(list(count, (i) => [`${name}${i}`, value]));

/** Far over what it takes, and far under what it took before: a bound on the kind of growth, not on the speed. */
const SOON_MS = 2_000;
function soon<T>(work: () => T): T {
  let result: T | undefined;
  expect(
    processorTime(() => {
      result = work();
    }),
  ).toBeLessThan(SOON_MS);
  return result as T;
}

describe("a schema that comes back to itself is asked once about each place", () => {
  test.each(["oneOf", "anyOf"])("through %s of four kinds, 60 deep", (keyword) => {
    const account = loadAccount({
      properties: { flow: { $ref: "#/$defs/node" } },
      $defs: { node: { [keyword]: KINDS.map(node) } },
    });
    for (const depth of [10, 14, 60]) {
      expect(soon(() => account.validate({ flow: chain(depth, { module: "end" }) }))).toEqual([]);
      const found = soon(() => account.validate({ flow: chain(depth, { module: "x" }) }));
      const pointer = `/flow${"/next".repeat(depth)}/module`;
      expect(found).toContainEqual(expect.objectContaining({ pointer, keyword: "enum" }));
      expect(found.length).toBeLessThan(10 * depth + 10);
    }
  });

  const self: Json = { $ref: "#/$defs/t" };
  const twice: JsonObject = { properties: { a: self, b: self } };
  test.each<[string, JsonObject]>([
    [
      "anyOf that refers twice",
      { anyOf: [{ ...twice, required: ["a"] }, { ...twice, required: ["b"] }, { type: "string" }] },
    ],
    [
      "if, then and else",
      JSON.parse(
        '{"if": {"properties": {"a": {"$ref": "#/$defs/t"}}, "required": ["a"]}, "then": {"properties": {"a": {"$ref": "#/$defs/t"}}}, "else": {"not": {"properties": {"a": {"$ref": "#/$defs/t"}}, "required": ["a"]}}}',
      ),
    ],
    ["not", { not: { required: ["a"], properties: { a: { not: self } } }, properties: { a: self } }],
    ["dependentSchemas", { dependentSchemas: { a: twice, b: twice }, properties: { a: self } }],
    ["overlapping patterns", { patternProperties: { "^a": self, a$: self, "": self } }],
    ["unevaluatedProperties", { anyOf: [twice, { properties: { a: self } }], unevaluatedProperties: self }],
    ["contains", { anyOf: [{ contains: self }, { contains: { not: self } }, { properties: { a: self } }] }],
  ])("through %s, in a chain 60 deep and a tree of 2,000", (_, t) => {
    const account = loadAccount({ properties: { v: self }, $defs: { t } });
    const deep = (depth: number): Json => (depth === 0 ? 1 : { a: deep(depth - 1) });
    const wide = (depth: number): Json => (depth === 0 ? 1 : { a: wide(depth - 1), b: [wide(depth - 1)] });
    for (const v of [deep(60), wide(10)]) {
      expect(soon(() => account.validate({ v })).some(({ keyword }) => keyword === "validationSteps")).toBe(
        false,
      );
    }
  });
});

describe("values that take long are told by the name of the limit, or in time", () => {
  const objects = list(2_000, (i) => ({ id: i, name: `n${i}` }));
  const overLimit = [
    { pointer: "", keyword: "validationSteps", message: expect.stringContaining("250000 steps") },
  ];

  test("an enum of 2,000 objects against 8,000 items", () => {
    const account = loadAccount({ properties: { l: { items: { enum: objects } } } });
    const found = soon(() =>
      account.validate({ l: list(8_000, (i) => ({ ...(objects[i % 2_000] as JsonObject) })) }),
    );
    expect(found).toEqual([]);
    const wrong = soon(() => account.validate({ l: list(8_000, (i) => ({ id: i, name: "x" })) }));
    expect(JSON.stringify(wrong).length).toBeLessThan(3_000_000);
  });

  test.each<[string, JsonObject, () => JsonObject]>([
    [
      "300 patterns against 9,000 keys",
      { patternProperties: Object.fromEntries(list(300, (i) => [`^x${i}_[a-z]*$`, true])) },
      () => members(9_000, 1),
    ],
    [
      "300 patterns with alternatives",
      { patternProperties: Object.fromEntries(list(300, (i) => [`x${i}|y${i}`, true])) },
      () => members(9_000, 1),
    ],
    [
      "100 schemas for each of 9,000 members",
      { additionalProperties: { allOf: list(100, (i) => ({ minimum: -i })) } },
      () => members(9_000, 1),
    ],
    [
      "100 propertyNames",
      { allOf: list(100, () => ({ propertyNames: { maxLength: 9 } })) },
      () => members(9_000, 1),
    ],
    [
      "200 branches that evaluate 5,000 members",
      { unevaluatedProperties: false, anyOf: list(200, () => ({ additionalProperties: {} })) },
      () => members(5_000, 1),
    ],
    [
      "a slow pattern against a long text",
      { properties: { t: { pattern: "(a|b)*a(a|b){500}$" } } },
      () => ({ t: "ab".repeat(50_000) }),
    ],
  ])("%s", (_, v, make) => {
    const account = loadAccount({ properties: { v } });
    expect(soon(() => account.validate({ v: make() }))).toEqual(overLimit);
    // The same again, however warm the engines are by now: steps are counted, not timed.
    expect(account.validate({ v: make() })).toEqual(overLimit);
  });

  test("references in a row, thousands of them", () => {
    const $defs = Object.fromEntries(
      list(3_000, (i) => [`d${i}`, i === 2_999 ? { type: "string" } : { $ref: `#/$defs/d${i + 1}` }]),
    );
    const account = loadAccount({ properties: { v: { $ref: "#/$defs/d0" } }, $defs });
    expect(account.validate({ v: 1 })).toEqual(overLimit);
  });

  test("what a document of 10,000 fields takes is far below it", () => {
    const account = loadAccount({
      properties: { v: { additionalProperties: { type: "integer", minimum: 5, maximum: 9 } } },
    });
    expect(account.validate({ v: members(10_000, 7) })).toEqual([]);
    expect(account.validate({ v: members(10_000, "x") })).toHaveLength(10_000);
    const items = loadAccount({ properties: { l: { items: { type: "integer" }, uniqueItems: true } } });
    expect(items.validate({ l: list(40_000, (i) => i) })).toEqual([]);
  });
});

test("what is wrong costs steps: a list of it that would take long ends at the limit", () => {
  const wrong = { allOf: [{ type: "string" }, { minimum: 1e9 }, { multipleOf: 0.37 }, { enum: ["e"] }] };
  const branches = list(40, (i) => ({ required: [`r${i}`], properties: { a: { const: `x${i}` } } }));
  const account = loadAccount({
    properties: {
      one: { additionalProperties: { type: "string" } },
      four: { additionalProperties: wrong },
      branches: { items: { anyOf: branches } },
    },
  });
  // A config may have as many fields as that, and a new schema folder may reject all of them.
  expect(account.validate({ one: members(9_000, 1) })).toHaveLength(9_000);
  expect(account.validate({ four: members(9_000, 1) })).toMatchObject([{ keyword: "validationSteps" }]);
  expect(account.validate({ branches: list(1_000, (i) => ({ a: i })) })).toMatchObject([
    { keyword: "validationSteps" },
  ]);
});
