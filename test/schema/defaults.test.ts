import { describe, expect, test } from "vitest";
import {
  checkJson,
  isEmpty,
  isObject,
  type Json,
  type JsonObject,
  withoutNulls,
} from "../../src/domain/json/json.js";
import { merge } from "../../src/domain/merge/merge.js";
import { deduceDefaults } from "../../src/schema/defaults/defaults.js";
import { cases } from "../cases.js";
import { law } from "../domain/law.js";
import { schemas } from "./schema-arbitrary.js";
import { load, loadDefaults } from "./temporary-folder.js";

const DRAFT_07 = { $schema: "http://json-schema.org/draft-07/schema#" };

describe("R6: the defaults of a schema", () => {
  test.each<[string, Json, JsonObject | undefined]>([
    [
      "nested ones count where no ancestor has its own",
      { properties: { a: { properties: { b: { default: 1 } } } } },
      { a: { b: 1 } },
    ],
    ["none is no document at all", { properties: { a: { properties: { b: {} } } } }, undefined],
    [
      "an object's own is completed by its members'",
      {
        properties: {
          a: {
            default: { b: 1 },
            properties: { b: { default: 2 }, c: { properties: { d: { default: 3 } } } },
          },
        },
      },
      { a: { b: 1, c: { d: 3 } } },
    ],
    [
      "an empty one is completed too",
      { properties: { a: { default: {}, properties: { b: { default: 2 } } } } },
      { a: { b: 2 } },
    ],
    ["an empty one is a default", { properties: { a: { default: {} } } }, { a: {} }],
    [
      "a member's own object default completes what is given further up",
      { default: { a: { b: 1 } }, properties: { a: { default: { b: 2, c: 2 } } } },
      { a: { b: 1, c: 2 } },
    ],
    [
      "one that is no object is not completed",
      { properties: { a: { default: 5, properties: { b: { default: 2 } } } } },
      { a: 5 },
    ],
    [
      "one given further up that is no object stays",
      { default: { a: [1] }, properties: { a: { default: {}, properties: { b: { default: 2 } } } } },
      { a: [1] },
    ],
    [
      "one given further up is not completed by what a default of another type covers",
      { default: { a: {} }, properties: { a: { default: [1], properties: { b: { default: 2 } } } } },
      { a: {} },
    ],
    [
      "arrays are values",
      { properties: { a: { default: [{}], items: { properties: { b: { default: 1 } } } } } },
      { a: [{}] },
    ],
    [
      "false, 0 and empty text count",
      { properties: { a: { default: false }, b: { default: 0 }, c: { default: "" } } },
      { a: false, b: 0, c: "" },
    ],
    [
      "a setting called default is no default",
      { properties: { default: { type: "string" }, a: { properties: { default: { default: 1 } } } } },
      { a: { default: 1 } },
    ],
    [
      "nulls are dropped",
      { default: { a: null, b: { c: null }, d: [null] }, properties: { e: { default: null } } },
      { d: [null] },
    ],
    [
      "one that nulls emptied counts as not given",
      {
        ...DRAFT_07,
        definitions: { x: { default: { c: 1 } } },
        properties: { a: { default: { b: null }, $ref: "#/definitions/x" } },
      },
      { a: { c: 1 } },
    ],
    [
      "a $ref is followed",
      { ...DRAFT_07, definitions: { x: { default: 1 } }, properties: { a: { $ref: "#/definitions/x" } } },
      { a: 1 },
    ],
    [
      "one beside a $ref wins over the target's, and the target's members complete it",
      {
        ...DRAFT_07,
        definitions: { x: { default: { b: 1 }, properties: { c: { default: 2 } } } },
        properties: { a: { $ref: "#/definitions/x", default: { d: 3 } } },
      },
      { a: { d: 3, c: 2 } },
    ],
    [
      "a $ref at the root is followed",
      { ...DRAFT_07, definitions: { x: { properties: { c: { default: 2 } } } }, $ref: "#/definitions/x" },
      { c: 2 },
    ],
    [
      "allOf is followed, nearest first",
      {
        properties: {
          a: { allOf: [{ allOf: [{ default: 1 }] }, { default: 2 }] },
          b: { default: 3, allOf: [{ default: 4 }] },
        },
      },
      { a: 1, b: 3 },
    ],
    [
      "allOf's members count together",
      {
        allOf: [
          { properties: { a: { properties: { x: { default: 1 } } } } },
          { properties: { a: { properties: { y: { default: 2 } } } } },
        ],
      },
      { a: { x: 1, y: 2 } },
    ],
    [
      "anyOf, oneOf, if, then, else, not and dependentSchemas are not followed",
      JSON.parse(`{"anyOf": [{"default": {"a": 1}}], "oneOf": [{"properties": {"b": {"default": 1}}}],
        "if": {"default": {"c": 1}}, "then": {"properties": {"d": {"default": 1}}}, "else": {"default": {"e": 1}},
        "not": {"required": ["z"], "default": {"f": 1}},
        "dependentSchemas": {"g": {"properties": {"g": {"default": 1}}}}, "properties": {"h": {"default": 1}}}`),
      { h: 1 },
    ],
    [
      "a $ref back into a schema being expanded stops there",
      { properties: { n: { default: 1 }, child: { $ref: "#" } } },
      { n: 1 },
    ],
    [
      "so does one that goes round through several",
      {
        ...DRAFT_07,
        definitions: {
          x: { properties: { n: { default: 1 }, y: { $ref: "#/definitions/y" } } },
          y: { properties: { m: { default: 2 }, x: { $ref: "#/definitions/x" } } },
        },
        properties: { a: { $ref: "#/definitions/x" } },
      },
      { a: { n: 1, y: { m: 2 } } },
    ],
    [
      "a pattern's complete only the keys that the default has",
      {
        properties: {
          a: {
            default: { k1: {}, z: {} },
            patternProperties: { "^k": { properties: { b: { default: 1 } } } },
          },
        },
      },
      { a: { k1: { b: 1 }, z: {} } },
    ],
    [
      "a pattern's make no key",
      { patternProperties: { "^k": { default: 1 } }, properties: { k1: {} } },
      undefined,
    ],
    [
      "a pattern's complete at depth, and never replace",
      {
        default: { a: { k: { b: 0, deep: { k: {} } } } },
        additionalProperties: {
          patternProperties: {
            "^k": {
              properties: {
                b: { default: 1 },
                deep: { default: { x: 1 }, additionalProperties: { default: { y: 2 } } },
              },
            },
          },
        },
      },
      { a: { k: { b: 0, deep: { k: { y: 2 }, x: 1 } } } },
    ],
    [
      "a pattern's complete a key that a member's default makes",
      {
        properties: { k: { properties: { a: { default: 1 } } } },
        patternProperties: { "^k": { properties: { b: { default: 2 } } } },
      },
      { k: { a: 1, b: 2 } },
    ],
  ])("%s", (_, schema, expected) => {
    expect(loadDefaults(schema)).toEqual(expected);
  });

  test("across files, and across circles of files", () => {
    const defaults = loadDefaults(
      { properties: { a: { $ref: "left" } } },
      {
        left: { properties: { n: { default: 1 }, right: { $ref: "right" } } },
        right: { properties: { m: { default: 2 }, left: { $ref: "left" } } },
      },
    );
    expect(defaults).toEqual({ a: { n: 1, right: { m: 2 } } });
  });

  test("schemas that refer to each other in every order, without a default on the way, are no trouble", () => {
    const names = Array.from({ length: 12 }, (_, i) => `d${i}`);
    const all = Object.fromEntries(names.map((name) => [name, { $ref: `#/definitions/${name}` }]));
    const definitions = Object.fromEntries(names.map((name) => [name, { properties: all }]));
    const schema = { ...DRAFT_07, definitions, properties: { ...all, n: { default: 1 } } };
    expect(loadDefaults(schema)).toEqual({ n: 1 });
  });
});

describe("R6: a default that cannot be one is left out and named, and the rest stays", () => {
  const given = (schema: Json | Buffer, others = {}) => {
    const { configs, problems } = load({ "account_config.x": schema, ...others });
    return { defaults: configs.get("x")?.forSystem.defaults, problems };
  };

  test.each<[string, Json | Buffer, JsonObject | undefined, string]>([
    [
      "one of the wrong type",
      { properties: { a: { type: "integer", default: "3000" }, b: { default: 1 } } },
      { b: 1 },
      "/properties/a/default",
    ],
    [
      "one wrong somewhere inside, of which the sound members stay",
      {
        properties: { a: { default: { n: "x", m: 1 }, properties: { n: { type: "integer", default: 2 } } } },
      },
      { a: { n: 2, m: 1 } },
      "/properties/a/default/n",
    ],
    [
      "a member under a pattern",
      {
        default: { m1: { ttl: 60 }, m2: { ttl: "never" } },
        patternProperties: { "^m": { properties: { ttl: { type: "integer" } } } },
      },
      { m1: { ttl: 60 } },
      "/default/m2/ttl",
    ],
    [
      "a member beside sound ones, deep in a nested object",
      {
        properties: {
          a: {
            default: { o: { p: { q: 1, r: "bad", s: [1] } }, t: {} },
            properties: {
              o: { additionalProperties: { additionalProperties: { type: ["integer", "array"] } } },
            },
          },
        },
      },
      { a: { o: { p: { q: 1, s: [1] } }, t: {} } },
      "/properties/a/default/o/p/r",
    ],
    [
      "an array with a bad item, whole",
      {
        properties: {
          a: { default: { l: [1, "x"], n: 1 }, properties: { l: { items: { type: "integer" } } } },
        },
      },
      { a: { n: 1 } },
      "/properties/a/default/l",
    ],
    [
      "a member that the schema forbids",
      { properties: { a: { default: { n: 1, x: 2 }, properties: { n: {} }, additionalProperties: false } } },
      { a: { n: 1 } },
      "/properties/a/default/x",
    ],
    [
      "a member that lacks what it needs",
      {
        properties: {
          a: { default: { m: { x: 1 }, n: { y: 1 } }, additionalProperties: { required: ["x"] } },
        },
      },
      { a: { m: { x: 1 } } },
      "/properties/a/default/n",
    ],
    [
      "a member of which no branch holds, whole",
      {
        properties: {
          a: {
            default: { m: { x: 1, y: "text" }, n: 1 },
            properties: { m: { oneOf: [{ type: "string" }, { properties: { y: { type: "integer" } } }] } },
          },
        },
      },
      { a: { n: 1 } },
      "/properties/a/default/m",
    ],
    [
      "a member that a condition rejects",
      {
        properties: {
          a: {
            default: { mode: "x", ttl: "never" },
            if: { properties: { mode: { const: "x" } } },
            // biome-ignore lint/suspicious/noThenProperty: a keyword
            then: { properties: { ttl: { type: "integer" } } },
          },
        },
      },
      { a: { mode: "x" } },
      "/properties/a/default/ttl",
    ],
    [
      "one that has too few members, whole",
      { properties: { a: { default: { n: 1 }, minProperties: 2 }, b: { default: 1 } } },
      { b: 1 },
      "/properties/a/default",
    ],
    [
      "one that has too few members once the bad one is gone, whole",
      {
        properties: {
          a: { default: { n: 1, m: "x" }, minProperties: 2, properties: { m: { type: "integer" } } },
          b: { default: 1 },
        },
      },
      { b: 1 },
      "/properties/a/default",
    ],
    [
      "one that needs the bad member, whole",
      {
        properties: {
          a: { default: { n: 1, m: "x" }, required: ["m"], properties: { m: { type: "integer" } } },
          b: { default: 1 },
        },
      },
      { b: 1 },
      "/properties/a/default",
    ],
    [
      "one of which no branch holds, whole",
      {
        properties: {
          a: { default: { n: 1, m: 1 }, oneOf: [{ required: ["n"] }, { required: ["m"] }] },
          b: { default: 1 },
        },
      },
      { b: 1 },
      "/properties/a/default",
    ],
    [
      "a member in whose place its own default comes, where it is needed",
      {
        properties: {
          a: {
            default: { n: 1, m: "x" },
            required: ["m"],
            properties: { m: { type: "integer", default: 5 } },
          },
        },
      },
      { a: { n: 1, m: 5 } },
      "/properties/a/default/m",
    ],
    [
      "one at the root that is no object",
      { default: 5, properties: { b: { default: 1 } } },
      { b: 1 },
      "/default",
    ],
    [
      "one at the root of what allOf adds",
      { allOf: [{ default: [] }], properties: { b: { default: 1 } } },
      { b: 1 },
      "/allOf/0/default",
    ],
    [
      "one in the wrong place of several",
      { properties: { a: { minimum: 5, default: 1, allOf: [{ default: 6 }] } } },
      { a: 6 },
      "/properties/a/default",
    ],
    [
      "one with a key that JavaScript takes for something else",
      Buffer.from('{"properties": {"a": {"default": {"__proto__": {"x": 1}}}, "b": {"default": 1}}}'),
      { b: 1 },
      "/properties/a/default/__proto__",
    ],
    [
      "a member that no document may hold",
      Buffer.from('{"properties": {"a": {"default": {"n": 1, "l": {"m": [1e400]}}}}}'),
      { a: { n: 1 } },
      "/properties/a/default/l/m",
    ],
    [
      "an integer that loses digits",
      Buffer.from('{"properties": {"a": {"default": 9007199254740993}, "b": {"default": 1}}}'),
      { b: 1 },
      "/properties/a/default",
    ],
    [
      "a number beyond a double",
      Buffer.from('{"properties": {"a": {"default": [1e400]}, "b": {"default": 1}}}'),
      { b: 1 },
      "/properties/a/default",
    ],
    [
      "text that is none",
      Buffer.from('{"properties": {"a": {"default": "\\ud800"}, "b": {"default": 1}}}'),
      { b: 1 },
      "/properties/a/default",
    ],
  ])("%s", (_, schema, expected, pointer) => {
    const { defaults, problems } = given(schema);
    expect(defaults).toEqual(expected);
    expect(problems).toEqual([
      {
        file: "account_config.x.json",
        pointer,
        reason: expect.stringContaining("it is left out"),
        consequence: "ignored",
      },
    ]);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test("one in a shared file is named there, once", () => {
    const { defaults, problems } = given(
      { properties: { a: { $ref: "shared#/properties/n" }, b: { $ref: "shared" } } },
      { shared: { properties: { n: { type: "integer", default: "x" }, m: { default: 1 } } } },
    );
    expect(defaults).toEqual({ b: { m: 1 } });
    expect(problems).toMatchObject([{ file: "shared.json", pointer: "/properties/n/default" }]);
  });

  test("one that its members' defaults make whole is kept", () => {
    const schema = { properties: { a: { default: {}, required: ["n"], properties: { n: { default: 1 } } } } };
    expect(loadDefaults({ ...schema, required: ["z"] })).toEqual({ a: { n: 1 } });
  });

  test("what the whole lacks is no fault of any one", () => {
    expect(loadDefaults({ required: ["z"], properties: { a: { default: 1 } } })).toEqual({ a: 1 });
  });

  test("settings that no document can hold have none", () => {
    const schema = Buffer.from('{"properties": {"constructor": {"default": 1}, "b": {"default": 1}}}');
    expect(given(schema)).toEqual({ defaults: { b: 1 }, problems: [] });
  });

  test("it is named without its value", () => {
    const { problems } = given({ properties: { a: { type: "integer", default: "planted" } } });
    expect(JSON.stringify(problems)).not.toContain("planted");
  });
});

/** All of a default, sound or not. */
const allOf = ({ given }: { given: Json }) => withoutNulls(given);

/** Every own default of a schema without references, with its place; the nearest of each place. */
function placed(
  schemas: readonly JsonObject[],
  path: readonly string[] = [],
): { path: readonly string[]; value: Json }[] {
  const all = schemas.flatMap(withAllOf);
  const own = all
    .map((schema) => withoutNulls(schema.default ?? null))
    .filter((value) => value !== undefined);
  const [nearest] = path.length === 0 ? own.filter(isObject) : own;
  const keys = new Set(all.flatMap(({ properties = {} }) => Object.keys(properties as JsonObject)));
  const deeper = [...keys].flatMap((key) => {
    const members = all.map(({ properties = {} }) =>
      Object.hasOwn(properties as JsonObject, key) ? (properties as JsonObject)[key] : undefined,
    );
    return placed(members.filter(isObject), [...path, key]);
  });
  return nearest === undefined ? deeper : [{ path, value: nearest }, ...deeper];
}

function withAllOf(schema: JsonObject): JsonObject[] {
  return [schema, ...((schema.allOf ?? []) as readonly Json[]).filter(isObject).flatMap(withAllOf)];
}

const nestedAt = (path: readonly string[], value: Json): Json =>
  path.reduceRight<Json>((inner, key) => ({ [key]: inner }), value);

/** Whether two documents hold an object and something else at the same place. */
function clash(one: Json, other: Json): boolean {
  if (!isObject(one) || !isObject(other)) return isObject(one) !== isObject(other);
  return Object.keys(one).some(
    (key) => Object.hasOwn(other, key) && clash(one[key] as Json, other[key] as Json),
  );
}

law(
  "R6: the defaults are every place's own ones merged, those further up over those below",
  schemas({ references: false, patterns: false, booleans: true, defaults: true }),
  (schema) => {
    const outerFirst = placed([schema]).sort((a, b) => a.path.length - b.path.length);
    const documents = outerFirst.map(({ path, value }) => nestedAt(path, value) as JsonObject);
    // An object over a non-object over an object: the rule leaves open whether the lowest completes the highest.
    if (
      documents.length > 2 &&
      documents.some((one, i) => documents.slice(i).some((other) => clash(one, other)))
    ) {
      return true;
    }
    expect(deduceDefaults(schema, allOf)).toEqual(merge(documents));
    return true;
  },
);

function hasNull(value: Json): boolean {
  return value === null || (isObject(value) && Object.values(value).some(hasNull));
}

const EVERYTHING = { references: true, patterns: true, booleans: true, defaults: true };

/** Undefined where following the references would take too long. */
function deduced(schema: JsonObject): JsonObject | undefined {
  try {
    return deduceDefaults(schema, allOf);
  } catch (error) {
    if (/take too long/.test((error as Error).message)) return undefined;
    throw error;
  }
}

law(
  "R6: the defaults are JSON that a document may hold, without nulls outside of arrays",
  schemas(EVERYTHING),
  (schema) => {
    const defaults = deduced(schema);
    return defaults === undefined || (!hasNull(checkJson(defaults)) && JSON.stringify(defaults) !== "null");
  },
);

law(
  "R6: what anyOf, oneOf and unaccepted defaults say makes no difference",
  schemas(EVERYTHING),
  (schema) => {
    const bare = JSON.parse(JSON.stringify(schema), (key, value) =>
      (key === "anyOf" || key === "oneOf") && Array.isArray(value) ? undefined : value,
    );
    expect(deduced(bare)).toEqual(deduced(schema));
    return isEmpty(deduceDefaults(schema, () => undefined));
  },
);

law(
  "R6: the defaults of a loaded schema are those of the rule",
  schemas({ ...EVERYTHING, booleans: false }),
  (schema) => {
    const { configs, problems } = load({
      "account_config.x": { ...schema, ...DRAFT_07 },
      "account_config.y": {},
    });
    const loaded = configs.get("x");
    if (loaded === undefined) return problems.some(({ consequence }) => consequence === "refused");
    // Where a default is rejected (by an anyOf, say) something else is in force; other tests are about that.
    if (problems.some(({ reason }) => reason.endsWith("it is left out"))) return true;
    expect(loaded.forSystem.defaults ?? {}).toEqual(deduced(schema));
    return true;
  },
  cases(100),
);
