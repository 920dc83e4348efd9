import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/domain/json/json.js";
import { loadSchemaRegistry } from "../../src/schema/schema-registry.js";
import { processorTime } from "../fair-time.js";
import { type Files, inEmptyFolder, load, loadAccount, loadConfig, SOUND } from "./temporary-folder.js";

const DRAFT = {
  "04": "http://json-schema.org/draft-04/schema#",
  "06": "http://json-schema.org/draft-06/schema#",
  "07": "http://json-schema.org/draft-07/schema#",
  "2019-09": "https://json-schema.org/draft/2019-09/schema",
  "2020-12": "https://json-schema.org/draft/2020-12/schema",
};

const nested = (depth: number): Buffer =>
  Buffer.from(`${'{"properties":{"a":'.repeat(depth)}{}${"}}".repeat(depth)}`);
const pointersOf = (schema: Json, values: JsonObject): string[] =>
  loadAccount(schema)
    .validate(values)
    .map(({ pointer, keyword }) => `${pointer} ${keyword}`);

describe("R4: each draft means what it says", () => {
  test("04: exclusiveMinimum is a boolean beside minimum", () => {
    const schema = {
      $schema: DRAFT["04"],
      properties: { n: { type: "integer", minimum: 5, exclusiveMinimum: true } },
    };
    expect(pointersOf(schema, { n: 5 })).toEqual(["/n minimum"]);
    expect(pointersOf(schema, { n: 6 })).toEqual([]);
  });

  test("04: an id may be a bare word", () => {
    expect(pointersOf({ $schema: DRAFT["04"], id: "x", properties: { n: { id: "#n" } } }, {})).toEqual([]);
  });

  test.each(["06", "07"] as const)(
    "%s: exclusiveMinimum is a number, const and contains are known",
    (draft) => {
      const schema = {
        $schema: DRAFT[draft],
        properties: { n: { exclusiveMinimum: 5 }, c: { const: "k" }, l: { contains: { type: "null" } } },
      };
      expect(pointersOf(schema, { n: 5, c: "z", l: [1] })).toEqual([
        "/n exclusiveMinimum",
        "/c const",
        "/l/0 type",
        "/l contains",
      ]);
    },
  );

  test("07: if, then, else; a list of items with additionalItems", () => {
    const schema = {
      $schema: DRAFT["07"],
      properties: { l: { items: [{ type: "string" }], additionalItems: { type: "integer" } } },
      ...JSON.parse('{"if": {"required": ["l"]}, "then": {"required": ["m"]}, "else": {"required": ["n"]}}'),
    };
    expect(pointersOf(schema, { l: ["a", 1] })).toEqual(["/m required", " if"]);
    expect(pointersOf(schema, {})).toEqual(["/n required", " if"]);
    expect(pointersOf(schema, { l: [1, "a"], m: 1 }).sort()).toEqual(["/l/0 type", "/l/1 type"]);
  });

  test("up to 07 what stands beside a $ref is not checked, and its members are seen all the same", () => {
    const schema = {
      $schema: DRAFT["04"],
      definitions: { any: { properties: { b: {} } } },
      properties: { a: { $ref: "#/definitions/any", properties: { c: { type: "string" } } } },
    };
    const account = loadAccount(schema);
    expect(account.validate({ a: { c: 1 } })).toEqual([]);
    expect(account.visibility.member("a")?.member("b")).toBeDefined();
    expect(account.visibility.member("a")?.member("c")).toBeDefined();
  });

  test("2019-09: dependentRequired, $defs and $anchor", () => {
    const schema = {
      $schema: DRAFT["2019-09"],
      $defs: { word: { $anchor: "word", type: "string" } },
      properties: { a: { $ref: "#word" }, b: {} },
      dependentRequired: { a: ["b"] },
    };
    expect(pointersOf(schema, { a: 1 })).toEqual(["/a type", "/b dependentRequired"]);
  });

  test("2019-09: what stands beside a $ref is checked too", () => {
    const schema = {
      $schema: DRAFT["2019-09"],
      $defs: { word: { type: "string" } },
      properties: { a: { $ref: "#/$defs/word", maxLength: 1 } },
    };
    expect(pointersOf(schema, { a: "ab" })).toEqual(["/a maxLength"]);
  });

  test.each([
    ["2020-12", { $schema: DRAFT["2020-12"] }],
    ["a schema that names none", {}],
  ])("%s: prefixItems and unevaluatedProperties", (_, draft) => {
    const schema = {
      ...draft,
      properties: { l: { prefixItems: [{ type: "string" }], items: { type: "integer" } } },
      allOf: [{ properties: { m: {} } }],
      unevaluatedProperties: false,
    };
    expect(pointersOf(schema, { l: [1, "a"], m: 1, n: 1 })).toEqual([
      "/l/0 type",
      "/l/1 type",
      "/n unevaluatedProperties",
    ]);
  });

  test.each([
    ["2019-09", { $recursiveRef: "#" }, { $recursiveAnchor: true }],
    ["2020-12", { $dynamicRef: "#tree" }, { $dynamicAnchor: "tree" }],
  ] as const)("%s: a dynamic reference to itself makes a tree", (draft, reference, anchor) => {
    const schema = {
      $schema: DRAFT[draft],
      ...anchor,
      properties: { n: { type: "integer" }, child: reference },
    };
    expect(pointersOf(schema, { child: { child: { n: "x" } } })).toEqual(["/child/child/n type"]);
  });

  test("files of different drafts refer to each other", () => {
    const old = {
      $schema: DRAFT["04"],
      properties: {
        n: { minimum: 5, exclusiveMinimum: true },
        l: { items: [{ type: "string" }], additionalItems: false },
      },
    };
    const young = { $schema: DRAFT["2020-12"], properties: { p: { prefixItems: [{ type: "string" }] } } };
    const account = loadAccount(
      { $schema: DRAFT["07"], properties: { old: { $ref: "old" }, young: { $ref: "young" } } },
      { old, young },
    );
    const found = account.validate({ old: { n: 5, l: [1, 2] }, young: { p: [1] } });
    expect(found.map(({ pointer }) => pointer).sort()).toEqual([
      "/old/l",
      "/old/l/0",
      "/old/n",
      "/young/p/0",
    ]);
  });

  test("keywords that nobody knows, and those that only one validator knows, change nothing", () => {
    const schema = {
      $schema: DRAFT["04"],
      _id: "account_config.x",
      name: "X",
      support_level: "beta",
      "kazoo-validation": true,
      $async: true,
      "x-form": { $ref: "nowhere", pattern: "(?=a)", $id: "twice", properties: 5 },
      "x-list": [{ $id: "twice", type: "nonsense" }],
      properties: { n: { nullable: true }, s: { type: "string", nullable: true, name: "S" } },
    };
    expect(pointersOf(schema, { n: 1, s: null })).toEqual(["/s type"]);
  });
});

describe("R4: references", () => {
  const text = { type: "string" };
  const account = (reference: string, others: Files, more: JsonObject = {}) =>
    loadAccount({ $schema: DRAFT["07"], ...more, properties: { a: { $ref: reference } } }, others);

  test.each([
    ["a bare id", "words"],
    ["an id with dots", "words.all"],
    ["a file", "words.json"],
    ["a relative file", "./words.json"],
    ["a pointer into a file", "./words.json#/definitions/y"],
    ["a bare id with a pointer", "words#/definitions/y"],
    ["a pointer with escapes", "words#/definitions/a~1b%20%25~0%23"],
    ["an anchor in a file", "words#tagged"],
    ["a keyword that nobody knows", "words#/x-shared/z"],
    ["a schema that is only reached through one", "words#/x-shared/again"],
    ["an empty fragment", "words#"],
    ["a file's own $id", "https://example.com/schemas/words-v1"],
    ["a file's own $id, from a neighbour's", "words-v1"],
    ["a file's own $id with a pointer", "https://example.com/schemas/words-v1#/definitions/y"],
  ])("by %s: %s", (_, reference) => {
    const words = {
      $schema: DRAFT["07"],
      $id: "https://example.com/schemas/words-v1",
      ...text,
      definitions: { y: text, "a/b %~#": text, tagged: { $id: "#tagged", ...text } },
      "x-shared": { z: text, again: { $ref: "#/x-shared/z" } },
    };
    const found = account(
      reference,
      { words, "words.all": text },
      { $id: "https://example.com/schemas/own" },
    );
    expect(found.validate({ a: 1 })).toMatchObject([{ pointer: "/a", keyword: "type" }]);
    expect(found.validate({ a: "word" })).toEqual([]);
  });

  test("an $id that is no URL is found by its text", () => {
    const found = account("the words", { other: { $schema: DRAFT["07"], $id: "the words", ...text } });
    expect(found.validate({ a: 1 })).toHaveLength(1);
  });

  test("files that refer to each other in circles make trees", () => {
    const found = account("left", {
      left: { properties: { n: { type: "integer" }, right: { $ref: "right" } } },
      right: { properties: { n: { type: "integer" }, left: { $ref: "left.json#" } } },
    });
    expect(found.validate({ a: { right: { left: { right: { n: "x" } } } } })).toMatchObject([
      { pointer: "/a/right/left/right/n" },
    ]);
  });

  test.each([
    ["07", "definitions"],
    ["2020-12", "$defs"],
  ] as const)(
    "%s: a definition of the file's own keeps its name when a file has the same",
    (draft, keyword) => {
      const found = loadAccount(
        {
          $schema: DRAFT[draft],
          [keyword]: { words: { type: "integer" }, "words.json": { type: "null" } },
          properties: {
            own: { $ref: `#/${keyword}/words` },
            other: { $ref: "words" },
            third: { $ref: `#/${keyword}/words.json` },
          },
        },
        { words: { $schema: DRAFT[draft], ...text } },
      );
      expect(found.validate({ own: 1, other: "a", third: null })).toEqual([]);
      expect(found.validate({ own: "a", other: 1, third: 1 })).toHaveLength(3);
    },
  );

  test("a place may be a boolean", () => {
    const found = loadAccount({
      $defs: { never: false, ever: true },
      properties: { a: { $ref: "#/$defs/never" }, b: { $ref: "#/$defs/ever" } },
    });
    expect(found.validate({ a: 1, b: 1 })).toMatchObject([{ pointer: "/a", keyword: "not" }]);
  });

  test("a part of a part that is referred to too is there once", () => {
    const inner = { title: "inner", type: "string" };
    const config = loadConfig({
      shared: { definitions: { outer: { properties: { inner } } } },
      "account_config.x": {
        properties: {
          a: { $ref: "shared#/definitions/outer/properties/inner" },
          b: { $ref: "shared#/definitions/outer" },
        },
      },
    });
    expect(JSON.stringify(config.account?.schema).split('"inner"')).toHaveLength(3);
    expect(config.forAccount?.validate({ a: 1, b: { inner: 1 } })).toHaveLength(2);
  });

  test("settings may be called $ref, $id, definitions or default", () => {
    const names = { $ref: text, $id: text, definitions: text, default: text, $defs: text, enum: text };
    const found = loadAccount({ $schema: DRAFT["07"], properties: names });
    expect(found.validate({ $ref: 1, $id: 1, definitions: 1, default: 1, $defs: 1, enum: 1 })).toHaveLength(
      6,
    );
  });

  test("a schema with everything it refers to inside it holds nothing else of the other files", () => {
    const secret = { properties: { shared: { type: "string" }, password: { default: "planted" } } };
    const config = loadConfig({
      "account_config.x": { properties: { a: { $ref: "system_config.x#/properties/shared" } } },
      "system_config.x": secret,
    });
    const own = JSON.stringify(config.account?.schema);
    expect(own).not.toContain("planted");
    expect(own).toContain('"type":"string"');
    expect(config.forAccount?.validate({ a: 1 })).toHaveLength(1);
  });

  test.each([
    ["a file that is not there", "nowhere", "names no file of this folder"],
    ["a place that is not there", "#/definitions/nothing", "points at nothing"],
    ["an anchor that is not there", "#nothing", "points at nothing"],
    ["something that is no schema", "#/title", "points at nothing"],
    ["a malformed fragment", "#/a%", "points at nothing"],
    ["what would have to be fetched", "https://example.com/schema.json", "names no file"],
    ["a file outside of the folder", "../secret", "names no file"],
  ])("one to %s is named with its place", (_, reference, reason) => {
    const { configs, problems } = load({
      "account_config.x": { title: "X", properties: { "a/b": { allOf: [{ $ref: reference }] } } },
      "account_config.sound": SOUND,
    });
    expect([...configs.keys()]).toEqual(["sound"]);
    expect(problems).toEqual([
      {
        file: "account_config.x.json",
        pointer: "/properties/a~1b/allOf/0/$ref",
        reason: expect.stringContaining(reason),
        consequence: "refused",
      },
    ]);
  });

  test("one that is missing in a shared file is named there, and whoever needs it is refused", () => {
    const { configs, problems } = load({
      shared: { definitions: { good: {}, bad: { $ref: "nowhere" } } },
      "account_config.needs": { properties: { a: { $ref: "shared#/definitions/bad" } } },
      "account_config.not": { properties: { a: { $ref: "shared#/definitions/good" } } },
    });
    expect([...configs.keys()]).toEqual(["not"]);
    expect(problems).toMatchObject([
      { file: "shared.json", pointer: "/definitions/bad/$ref" },
      {
        file: "account_config.needs.json",
        reason: expect.stringContaining("shared.json/definitions/bad/$ref"),
      },
    ]);
  });
});

describe("R4: a broken file is named, and the others still load", () => {
  const broken: [string, Json | Buffer, string, string][] = [
    ["is not JSON", Buffer.from('{"properties": {'), "", "JSON"],
    ["is empty", Buffer.from(""), "", "JSON"],
    ["is a secret", Buffer.from("hunter2"), "", "JSON"],
    ["is JSON, and then a secret", Buffer.from('{"a": 1} hunter2'), "", "JSON"],
    ["is not UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), "", "utf-8"],
    ["is not an object", [1, 2], "", "one JSON object"],
    ["is of an unknown draft", { $schema: "http://json-schema.org/draft-03/schema#" }, "", "draft-03"],
    ["names its draft with no text", { $schema: 7 }, "", "no supported draft"],
    ["is 600 deep", nested(600), "", "nested deeper than"],
    ["is a million deep", Buffer.from(`${'{"a":'.repeat(1e6)}1${"}".repeat(1e6)}`), "", "nested deeper than"],
    [
      "has a pattern that does not compile",
      { properties: { a: { pattern: "[a" } } },
      "/properties/a/pattern",
      "RE2",
    ],
    ["has a look-ahead", { properties: { a: { pattern: "^(?=a)" } } }, "/properties/a/pattern", "(?="],
    ["has a look-behind", { properties: { a: { pattern: "(?<!a)b" } } }, "/properties/a/pattern", "(?<!a)b"],
    ["has a backreference", { properties: { a: { pattern: "(a)\\1" } } }, "/properties/a/pattern", "\\1"],
    ["has a named one", { properties: { a: { pattern: "(?<n>a)\\k<n>" } } }, "/properties/a/pattern", "\\k"],
    [
      "has a look-ahead for names",
      { patternProperties: { "^(?!a/b)": {} } },
      "/patternProperties/^(?!a~1b)",
      "(?!",
    ],
    ["has a type nobody knows", { properties: { a: { type: "strnig" } } }, "/properties/a/type", "must be"],
    [
      "has a minimum that is text",
      { properties: { a: { minimum: "5" } } },
      "/properties/a/minimum",
      "number",
    ],
    ["has properties that are no object", { properties: [] }, "/properties", "must be object"],
    ["has a number for a schema", { properties: { a: 5 } }, "/properties/a", "must be"],
    [
      "has a property called __proto__",
      Buffer.from('{"properties":{"a":{"properties":{"__proto__":{"type":"string"}}}}}'),
      "/properties/a/properties/__proto__",
      "__proto__",
    ],
    [
      "has a keyword called __proto__",
      Buffer.from('{"__proto__":{"type":"string"}}'),
      "/__proto__",
      "__proto__",
    ],
    ["refers to itself", { $ref: "#" }, "", "leads back to itself"],
    [
      "refers to itself somewhere below",
      { properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: { anyOf: [{}, { $ref: "#/$defs/a" }] } } },
      "",
      "leads back to itself",
    ],
  ];
  test.each(broken)("one that %s", (_, content, pointer, reason) => {
    const { configs, problems } = load({
      "account_config.broken": content,
      "system_config.sound": SOUND,
      "account_config.sound": SOUND,
    });
    expect([...configs.keys()]).toEqual(["sound"]);
    expect(problems).toContainEqual({
      file: "account_config.broken.json",
      pointer,
      reason: expect.stringContaining(reason),
      consequence: "refused",
    });
    expect(new Set(problems.map(({ pointer: at }) => at)).size).toBe(problems.length);
    expect(({} as Record<string, unknown>).type).toBeUndefined();
    expect(JSON.stringify(problems)).not.toContain("hunter2");
  });

  test("what refers to a broken file is refused, and says why", () => {
    const { configs, problems } = load({
      shared: { properties: { a: { pattern: "(?=a)" } } },
      "account_config.x": { properties: { a: { $ref: "between" } } },
      between: { properties: { b: { $ref: "shared#/properties/a" } } },
      "account_config.sound": SOUND,
    });
    expect([...configs.keys()]).toEqual(["sound"]);
    expect(problems.map(({ file, reason }) => `${file} ${reason}`)).toEqual([
      expect.stringContaining("shared.json error parsing"),
      "account_config.x.json between.json/properties/b/$ref refers to shared.json, which is refused",
    ]);
  });

  test("the sound side of a config is served without the broken one", () => {
    const { configs } = load({ "account_config.x": { type: "nonsense" }, "system_config.x": SOUND });
    expect(configs.get("x")?.forAccount).toBeUndefined();
    expect(configs.get("x")?.forSystem.defaults).toEqual({ kept: "yes" });
  });

  test("an unknown format is named, and the rest of the file is served", () => {
    const { configs, problems } = load({
      "account_config.x": { properties: { a: { type: "string", format: "fancy" } } },
    });
    expect(problems).toEqual([
      {
        file: "account_config.x.json",
        pointer: "/properties/a/format",
        reason: expect.stringContaining('"fancy"'),
        consequence: "ignored",
      },
    ]);
    expect(configs.get("x")?.forAccount?.validate({ a: 1 })).toHaveLength(1);
    expect(configs.get("x")?.forAccount?.validate({ a: "any" })).toEqual([]);
  });

  test("a byte order mark is no harm", () => {
    const bytes = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(JSON.stringify(SOUND))]);
    expect(load({ "account_config.x": bytes })).toMatchObject({ problems: [] });
  });

  test.each(["not an id", "system", "..", "", "é", "x".repeat(65)])("the config id %j is named", (id) => {
    const { configs, problems } = load({ [`account_config.${id}`]: SOUND, "account_config.sound": SOUND });
    expect([...configs.keys()]).toEqual(["sound"]);
    expect(problems).toMatchObject([
      { file: `account_config.${id}.json`, reason: expect.stringContaining("config id") },
    ]);
  });

  test("a folder called like a schema file is named", () => {
    inEmptyFolder((folder) => {
      mkdirSync(join(folder, "account_config.folder.json"));
      writeFileSync(join(folder, "account_config.x.json"), JSON.stringify(SOUND));
      writeFileSync(join(folder, "README.md"), "not a schema");
      const { configs, problems } = loadSchemaRegistry(folder);
      expect([...configs.keys()]).toEqual(["x"]);
      expect(problems).toMatchObject([{ file: "account_config.folder.json" }]);
    });
  });
});

describe("a folder that cannot serve anything is an error that helps", () => {
  test("one that is not there", () => {
    expect(() => loadSchemaRegistry("/no/such/folder")).toThrow(
      /The schema folder \/no\/such\/folder cannot be read: ENOENT/,
    );
  });

  test("an empty one", () => {
    inEmptyFolder((folder) => {
      expect(() => loadSchemaRegistry(folder)).toThrow(`The schema folder ${folder} holds no usable`);
    });
  });

  test("one in which every file is broken names them", () => {
    expect(() => load({ "account_config.x": { type: "nonsense" } })).toThrow(
      /account_config\.x\.json: .*must be/,
    );
  });
});

describe("references that multiply each other", () => {
  const chain = (link: (next: string) => JsonObject): JsonObject =>
    Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [
        `d${i}`,
        i === 39 ? { type: "string", default: "x" } : link(`#/$defs/d${i + 1}`),
      ]),
    );
  test.each([
    ["allOf", 5, (next: string) => ({ allOf: [{ $ref: next }, { $ref: next }] })],
    ["members", {}, (next: string) => ({ properties: { a: { $ref: next }, b: { $ref: next } } })],
  ])("2^40 times by %s are named at once", (_, given, link) => {
    const files = {
      "account_config.x": { properties: { p: { $ref: "#/$defs/d0", default: given } }, $defs: chain(link) },
      "account_config.sound": SOUND,
    };
    expect(processorTime(() => load(files))).toBeLessThan(5_000);
    const { configs, problems } = load(files);
    expect(problems).toMatchObject([
      { file: "account_config.x.json", pointer: "", reason: expect.stringMatching(/multiply each other/) },
    ]);
    expect([...configs.keys()]).toEqual(["sound"]);
  });
});

describe("references that double each other level by level", () => {
  test.each<[string, (next: string) => JsonObject]>([
    ["anyOf", (next) => ({ anyOf: [{ $ref: next }, { $ref: next }] })],
    ["oneOf", (next) => ({ oneOf: [{ $ref: next }, { allOf: [{ $ref: next }], required: ["never"] }] })],
    ["not", (next) => ({ not: { not: { $ref: next } }, if: { $ref: next }, else: { $ref: next } })],
  ])("by %s are judged once each", (_, link) => {
    const $defs = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [
        `d${i}`,
        i === 39 ? { required: ["a"] } : link(`#/$defs/d${i + 1}`),
      ]),
    );
    const account = loadAccount({ properties: { p: { $ref: "#/$defs/d0" } }, $defs });
    const time = processorTime(() => {
      expect(account.validate({ p: { a: 1 } })).toEqual([]);
      expect(account.validate({ p: {} }).map(({ pointer }) => pointer)).toContain("/p");
    });
    expect(time).toBeLessThan(1_000);
  });
});

test("a tree of properties 100 deep is served to its last leaf", () => {
  let schema: JsonObject = { type: "string", default: "deep" };
  let values: Json = 5;
  for (let level = 0; level < 100; level++) {
    schema = { properties: { a: schema } };
    values = { a: values };
  }
  const account = loadAccount(schema);
  const pointer = "/a".repeat(100);
  expect(account.validate(values as JsonObject)).toMatchObject([{ pointer, keyword: "type" }]);
  expect(account.field(pointer)?.schema).toEqual({ type: "string", default: "deep" });
  expect(JSON.stringify(account.defaults)).toContain('"deep"');
});

test("the digest changes with any file's name or bytes, and with nothing else", () => {
  const digest = (files: Files) => load(files).digest;
  const first = digest({ "account_config.x": SOUND, other: {} });
  expect(digest({ other: {}, "account_config.x": SOUND })).toBe(first);
  expect(digest({ "account_config.x": SOUND, other: { title: "t" } })).not.toBe(first);
  expect(digest({ "account_config.x": SOUND, another: {} })).not.toBe(first);
  expect(digest({ "account_config.x": SOUND })).not.toBe(first);
});

test("configs come in the order of their ids, each with what its two files say", () => {
  const { configs } = load({
    "system_config.b": { title: "of the system", description: "D", properties: { s: {} } },
    "account_config.b": { title: "of the account", properties: { a: {} } },
    "system_config.a": SOUND,
    "account_config.B": SOUND,
  });
  expect([...configs.keys()]).toEqual(["B", "a", "b"]);
  expect(configs.get("b")).toMatchObject({ title: "of the account", description: "D" });
  expect(configs.get("a")).toMatchObject({ title: undefined, forAccount: undefined });
});
