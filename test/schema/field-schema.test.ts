import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/domain/json/json.js";
import { processorTime } from "../fair-time.js";
import { loadAccount, loadConfig } from "./temporary-folder.js";

const DRAFT_07 = { $schema: "http://json-schema.org/draft-07/schema#" };

test("a field's schema has its references followed, and its texts are the nearest", () => {
  const account = loadAccount(
    {
      ...DRAFT_07,
      properties: {
        key: { title: "Key", $ref: "shared#/definitions/key" },
        keys: { type: "array", items: { $ref: "shared#/definitions/key" } },
      },
    },
    {
      shared: {
        ...DRAFT_07,
        definitions: {
          key: { title: "Any key", description: "A key.", $ref: "#/definitions/text", default: "1" },
          text: { type: "string", maxLength: 1, title: "Text" },
        },
      },
    },
  );
  expect(account.field("/key")).toEqual({
    title: "Key",
    description: "A key.",
    schema: { type: "string", maxLength: 1, title: "Key", description: "A key.", default: "1" },
  });
  expect(account.field("/keys")).toEqual({
    title: undefined,
    description: undefined,
    schema: {
      type: "array",
      items: { type: "string", maxLength: 1, title: "Any key", description: "A key.", default: "1" },
    },
  });
});

test("texts come from branches where the field has none of its own", () => {
  const account = loadAccount({
    properties: { a: { allOf: [{ title: "T" }], anyOf: [{ description: "D" }] } },
  });
  expect(account.field("/a")).toMatchObject({ title: "T", description: "D" });
});

test("a field that name and pattern speak about has to be both", () => {
  const account = loadAccount({
    properties: { ab: { type: "string" } },
    patternProperties: { "^a": { maxLength: 2 } },
  });
  expect(account.field("/ab")?.schema).toEqual({ allOf: [{ type: "string" }, { maxLength: 2 }] });
  expect(account.field("/ax")?.schema).toEqual({ maxLength: 2 });
});

test("what stands beside a reference is not lost to what it leads to", () => {
  const account = loadAccount({
    $defs: { x: { properties: { a: {} }, type: "object", title: "X" } },
    properties: { p: { $ref: "#/$defs/x", properties: { b: {} }, type: "object", title: "P" } },
  });
  expect(account.field("/p")?.schema).toEqual({
    allOf: [
      { properties: { b: {} }, type: "object", title: "P" },
      { properties: { a: {} }, type: "object", title: "X" },
    ],
  });
});

describe("references that come back to themselves end", () => {
  test("a tree", () => {
    const account = loadAccount({
      type: "object",
      properties: { name: { type: "string" }, child: { $ref: "#" }, list: { items: { $ref: "#" } } },
    });
    const inner = { name: { type: "string" }, child: {}, list: { items: {} } };
    expect(account.field("/child")?.schema).toEqual({ type: "object", properties: inner });
    expect(account.field("/child/child/child/name")?.schema).toEqual({ type: "string" });
  });

  test("a dozen that refer to each other in every order", () => {
    const names = Array.from({ length: 12 }, (_, i) => `d${i}`);
    const all = Object.fromEntries(names.map((name) => [name, { $ref: `#/$defs/${name}` }]));
    const $defs = Object.fromEntries(names.map((name) => [name, { properties: all }]));
    const account = loadAccount({ $defs, properties: all });
    let size = 0;
    const time = processorTime(() => {
      size = JSON.stringify(account.field("/d0")?.schema).length;
    });
    expect(size).toBeGreaterThan(100);
    expect(size).toBeLessThan(1_000_000);
    expect(time).toBeLessThan(2_000);
  });
});

test.each<[string, string, Json, JsonObject | undefined]>([
  ["nothing is declared", "/b", { properties: { a: {} } }, undefined],
  ["an object above it declares no members", "/a/b", { properties: { a: { type: "object" } } }, undefined],
  ["anything may be", "/b", { additionalProperties: true }, undefined],
  ["it lies in an array", "/a/0", { properties: { a: { type: "array", items: {} } } }, undefined],
  ["it is forbidden", "/a", { properties: { a: false }, additionalProperties: true }, undefined],
  ["its schema is empty", "/a", { properties: { a: {} } }, {}],
  ["additional members have one", "/b", { additionalProperties: { type: "null" } }, { type: "null" }],
  ["the name is odd", "/a~1b", { properties: { "a/b": { type: "null" } } }, { type: "null" }],
  [
    "it is the whole config",
    "",
    { properties: { a: { $ref: "#/$defs/x" } }, $defs: { x: {} } },
    { properties: { a: {} } },
  ],
])("where %s", (_, pointer, schema, expected) => {
  expect(loadAccount(schema).field(pointer)?.schema).toEqual(expected);
});

test("at the system level the system's word comes first, then the account's", () => {
  const { forSystem, forAccount } = loadConfig({
    "account_config.x": { properties: { a: { title: "account's" }, b: { title: "account's" } } },
    "system_config.x": { properties: { a: { title: "system's" }, c: { title: "system's" } } },
  });
  expect(["/a", "/b", "/c"].map((at) => forSystem.field(at)?.title)).toEqual([
    "system's",
    "account's",
    "system's",
  ]);
  expect(["/a", "/b", "/c"].map((at) => forAccount?.field(at)?.title)).toEqual([
    "account's",
    "account's",
    undefined,
  ]);
});
