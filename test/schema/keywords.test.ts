import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/domain/json/json.js";
import { load, loadAccount, loadConfig } from "./temporary-folder.js";

const OLD = "http://json-schema.org/draft-";
const D2019 = "https://json-schema.org/draft/2019-09/schema";
const found = (schema: JsonObject, v: Json) =>
  loadAccount({ properties: { v: schema } })
    .validate({ v })
    .map(({ pointer, keyword }) => `${pointer} ${keyword}`);

describe("what was evaluated", () => {
  test.each<[JsonObject, Json, string[]]>([
    [
      { anyOf: [{ items: { type: "string" } }, true], unevaluatedItems: { type: "boolean" } },
      ["yes", "no"],
      [],
    ],
    [
      { anyOf: [{ items: { type: "string" } }, true], unevaluatedItems: { type: "boolean" } },
      ["yes", false],
      ["/v/0 type"],
    ],
    [
      { prefixItems: [true], contains: { type: "string" }, unevaluatedItems: false },
      [1, 2, "foo"],
      ["/v unevaluatedItems"],
    ],
    [{ prefixItems: [true], contains: { type: "string" }, unevaluatedItems: false }, [1, "a", "foo"], []],
    [{ if: { properties: { a: { const: 1 } } }, unevaluatedProperties: false }, { a: 1 }, []],
    [
      { if: { properties: { a: { const: 1 } } }, unevaluatedProperties: false },
      { a: 2 },
      ["/v/a unevaluatedProperties"],
    ],
    [
      { not: { not: { properties: { a: {} } } }, unevaluatedProperties: false },
      { a: 1 },
      ["/v/a unevaluatedProperties"],
    ],
    [
      {
        oneOf: [
          { required: ["a"], properties: { a: {} } },
          { required: ["b"], properties: { b: {} } },
        ],
        unevaluatedProperties: false,
      },
      { a: 1, c: 1 },
      ["/v/c unevaluatedProperties"],
    ],
    [
      { allOf: [{ properties: { a: {} }, unevaluatedProperties: false }], properties: { b: {} } },
      { a: 1, b: 1 },
      ["/v/b unevaluatedProperties"],
    ],
    [
      {
        dependentSchemas: { a: { properties: { b: {} } } },
        properties: { a: {} },
        unevaluatedProperties: false,
      },
      { a: 1, b: 1 },
      [],
    ],
    [{ allOf: [{ unevaluatedProperties: true }], unevaluatedProperties: false }, { a: 1 }, []],
  ])("%j of %j", (schema, value, expected) => {
    expect(found(schema, value)).toEqual(expected);
  });

  test("2019-09: what contains finds is not evaluated by that, wherever the file is taken to", () => {
    const old = { $schema: D2019, contains: { type: "string" }, unevaluatedItems: false };
    expect(loadAccount({ $schema: D2019, properties: { v: old } }).validate({ v: ["a"] })).toHaveLength(1);
    const young = loadAccount({ properties: { v: { $ref: "old" } } }, { old });
    expect(young.validate({ v: ["a"] })).toMatchObject([{ pointer: "/v", keyword: "unevaluatedItems" }]);
    expect(young.validate({ v: [1] }).map(({ keyword }) => keyword)).toContain("not");
  });
});

describe("each file keeps its own draft when another refers to it", () => {
  const taken = (old: JsonObject, v: Json) =>
    loadAccount({ properties: { v: { $ref: "old" } } }, { old }).validate({ v });
  test.each<[string, JsonObject, Json, number]>([
    ["04 has no const", { $schema: `${OLD}04/schema#`, const: 1 }, 2, 0],
    ["06 has const", { $schema: `${OLD}06/schema#`, const: 1 }, 2, 1],
    ["04 has no contains", { $schema: `${OLD}04/schema#`, contains: { type: "string" } }, [1], 0],
    [
      "06 has no if",
      JSON.parse(`{"$schema": "${OLD}06/schema#", "if": true, "then": {"type": "string"}}`),
      1,
      0,
    ],
    [
      "07 has if",
      JSON.parse(`{"$schema": "${OLD}07/schema#", "if": true, "then": {"type": "string"}}`),
      1,
      2,
    ],
    ["07 has no prefixItems", { $schema: `${OLD}07/schema#`, prefixItems: [{ type: "string" }] }, [1], 0],
    [
      "07 has no dependentRequired",
      { $schema: `${OLD}07/schema#`, dependentRequired: { a: ["b"] } },
      { a: 1 },
      0,
    ],
    [
      "07 has no unevaluatedProperties",
      { $schema: `${OLD}07/schema#`, unevaluatedProperties: false },
      { a: 1 },
      0,
    ],
    [
      "07 has dependencies",
      { $schema: `${OLD}07/schema#`, dependencies: { a: ["b"], c: { required: ["d"] } } },
      { a: 1, c: 1 },
      2,
    ],
    [
      "07: what stands beside a $ref does not count",
      {
        $schema: `${OLD}07/schema#`,
        definitions: { a: {} },
        allOf: [{ $ref: "#/definitions/a", type: "string" }],
      },
      1,
      0,
    ],
    [
      "07: nor beside one to true",
      {
        $schema: `${OLD}07/schema#`,
        definitions: { a: true },
        allOf: [{ $ref: "#/definitions/a", type: "string" }],
      },
      1,
      0,
    ],
    ["2019-09: it does", { $schema: D2019, $defs: { a: {} }, $ref: "#/$defs/a", type: "string" }, 1, 1],
    ["2019-09 has no prefixItems", { $schema: D2019, prefixItems: [{ type: "string" }] }, [1], 0],
    [
      "04: a reference into a list of items",
      { $schema: `${OLD}04/schema#`, items: [{ type: "string" }, { $ref: "#/items/0" }] },
      ["a", 1],
      1,
    ],
    ["04: a bound beside it", { $schema: `${OLD}04/schema#`, minimum: 5, exclusiveMinimum: true }, 5, 1],
  ])("%s", (_, old, value, problems) => {
    expect(taken(old, value)).toHaveLength(problems);
  });

  test("and alone", () => {
    const alone = loadAccount({
      $schema: `${OLD}04/schema#`,
      properties: { v: { const: 1, if: true, contains: {} } },
    });
    expect(alone.validate({ v: 2 })).toEqual([]);
  });
});

test("a config's schemas name their draft", () => {
  for (const [$schema, expected] of [
    [`${OLD}04/schema#`, `${OLD}04/schema#`],
    ["http://json-schema.org/draft-06/schema", `${OLD}06/schema#`],
    [`${OLD}07/schema#`, `${OLD}07/schema#`],
    [D2019, D2019],
    [undefined, "https://json-schema.org/draft/2020-12/schema"],
  ]) {
    const schema = { ...($schema && { $schema }), properties: { a: {} } };
    const config = loadConfig({ "account_config.x": schema, "system_config.x": schema });
    expect([config.account?.schema.$schema, config.system?.schema.$schema]).toEqual([expected, expected]);
  }
});

test("an empty enum takes nothing, and is legal from draft 06 on", () => {
  for (const draft of [
    `${OLD}06/schema#`,
    `${OLD}07/schema#`,
    D2019,
    "https://json-schema.org/draft/2020-12/schema",
  ]) {
    expect(loadAccount({ $schema: draft, properties: { a: { enum: [] } } }).validate({ a: 1 })).toHaveLength(
      1,
    );
  }
  const { problems } = load({
    "account_config.x": { $schema: `${OLD}04/schema#`, properties: { a: { enum: [] } } },
    "account_config.y": { properties: {} },
  });
  expect(problems).toMatchObject([{ pointer: "/properties/a/enum", consequence: "refused" }]);
});

describe("multipleOf is exact on decimals", () => {
  test.each<[number, number, boolean]>([
    [157436.49, 0.01, true],
    [838861.2, 0.1, true],
    [8388.612, 0.001, true],
    [2.00000000001, 1, false],
    [0.3, 0.1, true],
    [1.1, 0.1, true],
    [4.35, 0.01, true],
    [0.0075, 0.0001, true],
    [0.00751, 0.0001, false],
    [1e-300, 1e-300, true],
    [1e308, 1e-300, true],
    [1e308, 0.123456789, false],
    [1e308, 3, false],
    [1e-300, 1e308, false],
    [0, 1e308, true],
    [-7.5, 2.5, true],
    [5e-324, 5e-324, true],
    [9007199254740991, 2, false],
    [1e22, 7, false],
    [12391239123, 1e-8, true],
  ])("%d of %d: %s", (value, multipleOf, expected) => {
    expect(found({ multipleOf }, value).length === 0).toBe(expected);
  });
});

describe("formats", () => {
  test.each<[string, string[], string[]]>([
    [
      "email",
      ["a@b", "a.b+c@d-e.example", '"a b"@c', "a@[127.0.0.1]", "a@[IPv6:::1]"],
      ["a@", "@b", "a b@c", "a@b.", "a@-b", ".a@b", "a@[300.0.0.1]", "a@b@c", "a\n@b"],
    ],
    [
      "date-time",
      ["2024-01-01T00:00:00Z", "2024-02-29t23:59:60.5z", "1990-12-31T15:59:60-08:00"],
      [
        "2024-01-01 00:00:00Z",
        "2024-01-01T00:00:00",
        "2023-02-29T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:00:60Z",
        "2024-01-01T00:00:00+01",
        "2024-01-01T00:00:00Z\n",
      ],
    ],
    [
      "time",
      ["00:00:00Z", "23:59:60Z", "08:30:06+01:00"],
      ["00:00:00", "24:00:00Z", "12:00:60Z", "8:30:06Z"],
    ],
    [
      "hostname",
      ["a", "xn--4gbwdl.xn--wgbh1c", "a.b-c"],
      ["", "-a", "a-", "a..b", "a.", `${"a".repeat(64)}.b`],
    ],
    [
      "uuid",
      ["2EB8AA08-AA98-11EA-B4AA-73B441D16380"],
      ["urn:uuid:2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2eb8aa08aa9811eab4aa73b441d16380"],
    ],
  ])("%s", (format, accepted, refused) => {
    const account = loadAccount({ properties: { a: { format } } });
    expect(accepted.filter((a) => account.validate({ a }).length > 0)).toEqual([]);
    expect(refused.filter((a) => account.validate({ a }).length === 0)).toEqual([]);
  });
});

describe("what a keyword found tells two problems apart", () => {
  const finding = (schema: JsonObject, v: Json) =>
    loadAccount({ properties: { v: schema } })
      .validate({ v })
      .at(-1)?.finding;
  const one = { oneOf: [{ required: ["a"] }, { required: ["b"] }, { required: ["c"] }] };
  test("oneOf: which branches passed", () => {
    expect([finding(one, {}), finding(one, { a: 1, c: 1 }), finding(one, { a: 1, b: 1, c: 1 })]).toEqual([
      [],
      [0, 2],
      [0, 1, 2],
    ]);
  });
  test("anyOf: what its branches found, and no value", () => {
    const any = { anyOf: [{ minProperties: 2 }, { properties: { a: { type: "string" } }, required: ["a"] }] };
    expect(finding(any, { a: 1 })).toEqual(finding(any, { a: 2 }));
    expect(finding(any, { a: 1 })).not.toEqual(finding(any, { a: [] }));
    expect(finding(any, { a: 1 })).not.toEqual(finding(any, { b: 1 }));
    expect(
      JSON.stringify(loadAccount({ properties: { v: any } }).validate({ v: { planted: "planted" } })),
    ).not.toContain("planted");
  });
  test("counts, types, and what not and const looked at", () => {
    expect([
      finding({ minProperties: 3 }, { a: 1 }),
      finding({ type: "string" }, {}),
      finding({ contains: { const: 1 }, minContains: 2 }, [1, 2]),
    ]).toEqual([1, "object", 1]);
    const not = { not: { required: ["a"], properties: { a: { enum: [1, 2] } } } };
    expect(finding(not, { a: 1, other: 1 })).toEqual(finding(not, { a: 1, other: 2 }));
    expect(finding(not, { a: 1 })).not.toEqual(finding(not, { a: 2 }));
    expect(finding({ const: {} }, { a: 1 })).not.toEqual(finding({ const: {} }, { a: 2 }));
  });
});
