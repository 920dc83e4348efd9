import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/domain/json/json.js";
import { processorTime } from "../fair-time.js";
import { loadAccount } from "./temporary-folder.js";

const DRAFT_04 = { $schema: "http://json-schema.org/draft-04/schema#" };

const rejections = (schema: Json, values: JsonObject) => loadAccount(schema).validate(values);

test("R12: every problem is reported, each where it is", () => {
  const schema = {
    required: ["name"],
    properties: {
      n: { type: "integer", minimum: 5 },
      list: {
        items: { type: "object", required: ["id"], additionalProperties: false, properties: { id: {} } },
      },
      inner: { properties: { "a/b": { enum: ["x", "y"] } }, propertyNames: { maxLength: 3 } },
    },
    additionalProperties: false,
  };
  const values = { n: 1.5, list: [{ id: 1 }, { x: 1 }], inner: { "a/b": "z", tooLong: 1 }, extra: 1 };
  expect(
    rejections(schema, values)
      .map(({ pointer, keyword }) => `${pointer} ${keyword}`)
      .sort(),
  ).toEqual(
    [
      "/name required",
      "/extra additionalProperties",
      "/n type",
      "/n minimum",
      "/list/1/id required",
      "/list/1/x additionalProperties",
      "/inner/a~1b enum",
      "/inner/tooLong maxLength",
      "/inner/tooLong propertyNames",
    ].sort(),
  );
});

test("R12: branches that say the same thing say it once", () => {
  const schema = { properties: { a: { allOf: [{ type: "string" }, { type: "string" }] } } };
  expect(rejections(schema, { a: 1 })).toHaveLength(1);
});

test("R12: a missing member is reported at the place where it should be", () => {
  const depending = { dependentRequired: { a: ["b"] } };
  expect(rejections(depending, { a: 1 })).toMatchObject([{ pointer: "/b", keyword: "dependentRequired" }]);
  const older = { ...DRAFT_04, dependencies: { a: ["b"] } };
  expect(rejections(older, { a: 1 })).toMatchObject([{ pointer: "/b", keyword: "dependencies" }]);
});

describe("R12: there is no coercion", () => {
  test.each<[string, Json, Json, boolean]>([
    ["text for an integer", "3000", { type: "integer" }, false],
    ["text for a boolean", "true", { type: "boolean" }, false],
    ["0 for a boolean", 0, { type: "boolean" }, false],
    ["a number for text", 5, { type: "string" }, false],
    ["one item for an array", "a", { type: "array" }, false],
    ["an empty text for null", "", { type: "null" }, false],
    ["1.0 for an integer", 1.0, { type: "integer" }, true],
    ["0.3 for a multiple of 0.1", 0.3, { multipleOf: 0.1 }, true],
    ["an array for an object", [], { type: "object" }, false],
  ])("%s", (_, value, schema, accepted) => {
    expect(rejections({ properties: { a: schema } }, { a: value }).length === 0).toBe(accepted);
  });
});

test("a member that every JavaScript object seems to have is missing when it is not there", () => {
  const schema = {
    required: ["toString", "hasOwnProperty"],
    properties: { valueOf: { type: "integer" } },
    dependentRequired: { constructor: ["never"] },
    additionalProperties: false,
  };
  expect(rejections(schema, {}).map(({ pointer }) => pointer)).toEqual(["/toString", "/hasOwnProperty"]);
  expect(rejections({ required: ["toString"] }, { toString: 1 })).toEqual([]);
});

describe("what was expected is said, where it is plain data", () => {
  test.each<[string, JsonObject, Json, Json | undefined]>([
    ["minimum", { minimum: 5 }, 1, 5],
    ["exclusiveMaximum", { exclusiveMaximum: 5 }, 5, 5],
    ["enum", { enum: ["a", { b: 1 }] }, "z", ["a", { b: 1 }]],
    ["const", { const: null }, "z", null],
    ["pattern", { pattern: "^a$" }, "z", "^a$"],
    ["format", { format: "ipv4" }, "z", "ipv4"],
    ["type", { type: ["integer", "null"] }, "z", ["integer", "null"]],
    ["maxLength", { maxLength: 0 }, "z", 0],
    ["uniqueItems", { uniqueItems: true }, [1, 1], true],
    ["not", { not: {} }, "z", undefined],
  ])("%s", (keyword, schema, value, expected) => {
    const [rejection, ...others] = rejections({ properties: { a: schema } }, { a: value });
    const { finding: _, ...found } = rejection ?? {};
    expect(others).toEqual([]);
    expect(found).toEqual({
      pointer: "/a",
      keyword,
      message: expect.any(String),
      ...(expected !== undefined && { expected }),
    });
  });
});

test("messages never hold the values that were sent", () => {
  const keywords: JsonObject[] = [
    { type: "integer" },
    { const: 1 },
    { enum: [1] },
    { pattern: "^a$" },
    { maxLength: 1 },
    { format: "email" },
    { not: {} },
    { anyOf: [{ type: "null" }, { minLength: 99 }] },
    { oneOf: [{}, {}] },
  ];
  const properties = Object.fromEntries(keywords.map((schema, i) => [`k${i}`, schema]));
  const values = Object.fromEntries(keywords.map((_, i) => [`k${i}`, "planted"]));
  const found = rejections(
    { properties: { ...properties, l: { uniqueItems: true } } },
    { ...values, l: ["planted", "planted"] },
  );
  expect(new Set(found.map(({ pointer }) => pointer)).size).toBe(keywords.length + 1);
  expect(JSON.stringify(found)).not.toContain("planted");
});

test("uniqueItems over 4,000 objects is bounded, and compares as JSON does", () => {
  const account = loadAccount({ properties: { l: { uniqueItems: true } } });
  const items = Array.from({ length: 4_000 }, (_, i) => ({ id: i, nested: { list: [i, { a: 1, b: 2 }] } }));
  const time = processorTime(() => expect(account.validate({ l: items })).toEqual([]));
  console.log(`uniqueItems over 4,000 objects: ${time.toFixed(0)} ms`);
  expect(time).toBeLessThan(2_000);
  expect(account.validate({ l: [...items, { nested: { list: [7, { b: 2, a: 1 }] }, id: 7 }] })).toHaveLength(
    1,
  );
  expect(account.validate({ l: [1, "1", true, [1], { a: 1 }, null, {}, []] })).toEqual([]);
});

describe("patterns", () => {
  test("each is its own, however many a schema has", () => {
    const account = loadAccount({
      properties: { a: { pattern: "^a$" }, b: { pattern: "^b$" } },
      patternProperties: { "^c": { type: "null" }, "^d": { type: "boolean" } },
    });
    const found = account.validate({ a: "b", b: "a", c: true, d: null });
    expect(found.map(({ pointer }) => pointer)).toEqual(["/a", "/b", "/c", "/d"]);
    expect(account.validate({ a: "a", b: "b", c: null, d: true })).toEqual([]);
  });

  test("take time in proportion to the text, however they are nested", () => {
    const schema = {
      properties: { a: { pattern: "^(a+)+$" }, b: { pattern: "^(([a-z])+.)+[A-Z]([a-z])+$" } },
    };
    const account = loadAccount(schema);
    const text = `${"a".repeat(100_000)}!`;
    const time = processorTime(() => expect(account.validate({ a: text, b: text })).toHaveLength(2));
    console.log(`^(a+)+$ against 100,000 characters: ${time.toFixed(0)} ms`);
    expect(time).toBeLessThan(2_000);
  });

  test.each<[string, string[], string[]]>([
    ["^[[:alnum:]_]+$", ["a_1", "Z"], ["", "a-b", "é"]],
    ["b", ["abc"], ["ac"]],
    ["^.$", ["é", "𝒳"], ["ab"]],
    ["^\\u00e9\\/\\-$", ["é/-"], ["e/-"]],
    ["^(?<year>\\d{4})$", ["2024"], ["24"]],
    ["(?i)^abc$", ["ABC"], ["abcd"]],
    ["^\\p{L}+$", ["né"], ["n1"]],
  ])("%s", (pattern, matching, failing) => {
    const account = loadAccount({ properties: { a: { pattern } } });
    expect(matching.filter((text) => account.validate({ a: text }).length > 0)).toEqual([]);
    expect(failing.filter((text) => account.validate({ a: text }).length === 0)).toEqual([]);
  });

  test("as values, those of any engine pass and broken ones do not", () => {
    const account = loadAccount({ properties: { a: { format: "regex" } } });
    const accepted = (text: string) => account.validate({ a: text }).length === 0;
    const sound = [
      "^\\+?1(\\d{10})$",
      "(?=a)b",
      "(a)\\1",
      "[[:alnum:]]+",
      "(?i)abc",
      "a++b",
      "(?>a)",
      "(?P<n>a)",
      "(?#note)a",
    ];
    expect(sound.filter((text) => !accepted(text))).toEqual([]);
    expect(["[a", "(", "a)", "*", "a\\", "[z-a]"].filter(accepted)).toEqual([]);
  });

  test.each([
    ["repeats", "a{1000}".repeat(35_000)],
    ["classes", "\\p{L}".repeat(50_000)],
    ["groups", "(".repeat(250_000)],
    ["flags", "(?".repeat(125_000)],
    ["comments", "(?#".repeat(80_000)],
  ])("as values, a text full of %s is answered at once", (_, text) => {
    const account = loadAccount({ properties: { a: { format: "regex" } } });
    const time = processorTime(() => account.validate({ a: text }));
    expect(time).toBeLessThan(1_000);
  });
});

test.each([
  "date",
  "time",
  "date-time",
  "duration",
  "uri",
  "uri-reference",
  "uri-template",
  "url",
  "email",
  "hostname",
  "ipv4",
  "ipv6",
  "uuid",
  "json-pointer",
  "relative-json-pointer",
  "byte",
  "iso-time",
  "iso-date-time",
])("the format %s takes time in proportion to the text", (format) => {
  const account = loadAccount({ properties: { a: { type: "string", format } } });
  const units = [
    "a",
    "a.",
    "a-",
    "a@",
    ":",
    "1:",
    "/",
    "%41",
    "{a}",
    "1",
    "P1",
    "-",
    "a@a.",
    "http://a",
    "http://a.a-",
    "~0",
    "=",
  ];
  for (const unit of units) {
    const text = `${unit.startsWith("http") ? unit : ""}${unit.repeat(Math.floor(200_000 / unit.length))}\n`;
    const time = processorTime(() => account.validate({ a: text }));
    expect(time, `${format} against many of ${unit}`).toBeLessThan(1_000);
  }
});
