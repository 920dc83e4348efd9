import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/domain/json/json.js";
import { type Files, load, loadAccount, loadConfig, SOUND } from "./temporary-folder.js";

const DRAFTS: readonly (readonly [string, string, string])[] = [
  ["http://json-schema.org/draft-04/schema#", "id", "definitions"],
  ["http://json-schema.org/draft-06/schema#", "$id", "definitions"],
  ["http://json-schema.org/draft-07/schema#", "$id", "definitions"],
  ["https://json-schema.org/draft/2019-09/schema", "$id", "$defs"],
  ["https://json-schema.org/draft/2020-12/schema", "$id", "$defs"],
];
const problemsOf = (files: Files) =>
  load({ ...files, "account_config.sound": SOUND }).problems.map(
    ({ file, pointer, reason }) => `${file}${pointer} ${reason}`,
  );

describe.each(DRAFTS)(
  "%s: a reference inside a schema with its own identifier",
  ($schema, id, definitions) => {
    const text = { type: "string", default: "inner" };
    const embed = (inside: JsonObject, outside: JsonObject = {}): JsonObject => ({
      $schema,
      [id]: "https://example.com/outer.json",
      [definitions]: { t: { type: "integer", default: 1 }, ...outside },
      properties: { v: { [id]: "inner/schema.json", [definitions]: { t: text }, ...inside } },
    });
    const byAnchor: [string, JsonObject][] =
      definitions === "$defs"
        ? [
            [
              "an anchor",
              { properties: { a: { $ref: "#here" } }, $defs: { t: { $anchor: "here", ...text } } },
            ],
          ]
        : [
            [
              "an anchor",
              { properties: { a: { $ref: "#here" } }, definitions: { t: { [id]: "#here", ...text } } },
            ],
          ];

    test.each<[string, JsonObject]>([
      ["a pointer", { properties: { a: { $ref: `#/${definitions}/t` } } }],
      ["its relative URI", { properties: { a: { $ref: `schema.json#/${definitions}/t` } } }],
      ["its URI", { properties: { a: { $ref: `https://example.com/inner/schema.json#/${definitions}/t` } } }],
      [
        "the identifier of a neighbour beside it",
        { properties: { a: { $ref: "text.json" } }, [definitions]: { t: { [id]: "text.json", ...text } } },
      ],
      ...byAnchor,
    ])("by %s leads into that schema: for values, defaults and what is seen", (_, inside) => {
      const config = loadConfig({ "account_config.x": embed(inside) });
      expect(config.forAccount?.validate({ v: { a: 1 } })).toMatchObject([
        { pointer: "/v/a", keyword: "type" },
      ]);
      expect(config.forAccount?.validate({ v: { a: "text" } })).toEqual([]);
      expect(config.forSystem.defaults).toEqual({ v: { a: "inner" } });
      expect(config.forAccount?.field("/v/a")?.schema).toMatchObject({ type: "string" });
    });

    test("from outside it is found by its URI, and by a pointer through it", () => {
      for (const reference of [`inner/schema.json#/${definitions}/t`, `#/properties/v/${definitions}/t`]) {
        const account = loadAccount({
          ...embed({}),
          properties: { ...(embed({}).properties as JsonObject), w: { $ref: reference } },
        });
        expect(account.validate({ w: 1 })).toMatchObject([{ pointer: "/w", keyword: "type" }]);
      }
    });

    test("from another file it is found by its URI", () => {
      const account = loadAccount(
        { $schema, properties: { w: { $ref: `https://example.com/inner/schema.json#/${definitions}/t` } } },
        { other: embed({}) },
      );
      expect(account.validate({ w: 1 })).toHaveLength(1);
    });

    test("what is only in the outer schema is named and refused", () => {
      const schema = embed({ properties: { a: { $ref: `#/${definitions}/outside` } } }, { outside: {} });
      expect(problemsOf({ "account_config.x": schema })).toEqual([
        `account_config.x.json/properties/v/properties/a/$ref $ref "#/${definitions}/outside" points at nothing`,
      ]);
    });

    test("in data, and as the name of a setting, an identifier means nothing", () => {
      const data: Json = { [id]: "https://example.com/elsewhere/", $ref: "nowhere" };
      const account = loadAccount({
        $schema,
        [definitions]: { t: text },
        properties: {
          [id]: { type: "integer" },
          a: { $ref: `#/${definitions}/t` },
          e: { enum: [data], default: data, [definitions]: { t: {} } },
        },
      });
      expect(account.validate({ [id]: "x", a: 1, e: data }).map(({ pointer }) => pointer)).toEqual([
        `/${id}`,
        "/a",
      ]);
    });
  },
);

test("up to draft 07 an identifier beside a $ref means nothing", () => {
  const account = loadAccount({
    $schema: "http://json-schema.org/draft-07/schema#",
    $id: "https://example.com/base/",
    definitions: { a: { $id: "text.json", type: "string" } },
    properties: { a: { $id: "https://example.com/other/", $ref: "text.json" } },
  });
  expect(account.validate({ a: 1 })).toHaveLength(1);
});

test("an identifier that two other files claim is refused where it is referred to", () => {
  const claim = { $id: "https://example.com/same" };
  expect(
    problemsOf({ "account_config.x": { $ref: "https://example.com/same" }, one: claim, two: claim }),
  ).toEqual([
    expect.stringMatching(
      /account_config\.x\.json\/\$ref .* is the \$id of two schemas, in one\.json and two\.json/,
    ),
  ]);
});

test("a schema of another draft inside a file is refused", () => {
  const inner = { $id: "inner", $schema: "http://json-schema.org/draft-07/schema#" };
  expect(problemsOf({ "account_config.x": { properties: { a: inner } } })).toEqual([
    "account_config.x.json/properties/a/$schema a schema of another draft has to be in a file of its own",
  ]);
});

describe("dynamic references are followed", () => {
  const strictTree = {
    "account_config.x": { $id: "strict", $dynamicAnchor: "node", $ref: "tree", unevaluatedProperties: false },
    tree: {
      $id: "tree",
      $dynamicAnchor: "node",
      properties: { data: true, children: { items: { $dynamicRef: "#node" } } },
    },
  };
  test("2020-12: an extended tree is extended at every depth, and by itself it is not", () => {
    const files = { ...strictTree, "account_config.y": { properties: { t: { $ref: "tree" } } } };
    const { configs, problems } = load(files);
    expect(problems).toEqual([]);
    const values = { children: [{ daat: 1 }, { children: [{ children: [{ daat: 1 }] }] }] };
    expect(
      configs
        .get("x")
        ?.forAccount?.validate(values)
        .map(({ pointer }) => pointer),
    ).toEqual(["/children/0/daat", "/children/1/children/0/children/0/daat"]);
    expect(configs.get("y")?.forAccount?.validate({ t: values })).toEqual([]);
  });

  test("2019-09: $recursiveRef likewise", () => {
    const $schema = "https://json-schema.org/draft/2019-09/schema";
    const account = loadAccount(
      { $schema, $id: "strict", $recursiveAnchor: true, $ref: "tree", unevaluatedProperties: false },
      {
        tree: {
          $schema,
          $id: "tree",
          $recursiveAnchor: true,
          properties: { children: { items: { $recursiveRef: "#" } } },
        },
      },
    );
    expect(account.validate({ children: [{ children: [{ x: 1 }] }] })).toMatchObject([
      { pointer: "/children/0/children/0/x" },
    ]);
  });
});
