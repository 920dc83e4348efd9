import { describe, expect, test } from "vitest";
import { isEmpty, isObject, type Json, type JsonObject } from "../../src/domain/json/json.js";
import { EVERYTHING, type Visibility, visiblePart } from "../../src/domain/merge/visibility.js";
import { DeclaredVisibility } from "../../src/schema/declared-visibility.js";
import { law } from "../domain/law.js";
import { PATTERNS, schemasAndDocuments } from "./schema-arbitrary.js";
import { load, loadAccount, loadConfig } from "./temporary-folder.js";

const document = { a: { b: 1, c: { d: 2 } }, e: [1, { f: 2 }], default: 3, toString: 4, $ref: 5 };

const seen = (schema: Json, values: JsonObject = document): JsonObject | undefined =>
  visiblePart(values, loadAccount(schema).visibility);

describe("R5: an account sees what its schema declares", () => {
  const tree = { $schema: "http://json-schema.org/draft-07/schema#" };
  test.each<[string, Json, JsonObject | undefined]>([
    [
      "through properties",
      { properties: { a: { properties: { b: {} } }, e: {} } },
      { a: { b: 1 }, e: document.e },
    ],
    ["through patternProperties", { patternProperties: { "^[ae]$": {} } }, { a: document.a, e: document.e }],
    ["through additionalProperties: true", { additionalProperties: true }, document],
    [
      "through an additionalProperties schema",
      { properties: { e: {} }, additionalProperties: { properties: { b: {} } } },
      { a: { b: 1 }, e: document.e, default: 3, toString: 4, $ref: 5 },
    ],
    [
      "through no additionalProperties: false",
      { properties: { e: {} }, additionalProperties: false },
      { e: document.e },
    ],
    ["through nothing else when it is absent", { properties: { e: {} } }, { e: document.e }],
    [
      "through a $ref",
      { ...tree, definitions: { x: { properties: { e: {} } } }, $ref: "#/definitions/x" },
      { e: document.e },
    ],
    [
      "through what stands beside a $ref too",
      {
        ...tree,
        definitions: { x: { properties: { e: {} } } },
        $ref: "#/definitions/x",
        properties: { default: {} },
      },
      { e: document.e, default: 3 },
    ],
    [
      "through allOf, anyOf and oneOf together",
      {
        allOf: [{ properties: { e: {} } }],
        anyOf: [{ properties: { default: {} } }, { oneOf: [{ properties: { $ref: {} } }] }],
        oneOf: [{ properties: { toString: {} } }],
      },
      { e: document.e, default: 3, toString: 4, $ref: 5 },
    ],
    [
      "through then and else",
      {
        if: { properties: { a: {} } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword
        then: { properties: { e: {} }, required: ["e"] },
        else: { $ref: "#/$defs/x" },
        $defs: { x: { properties: { default: {} } } },
      },
      { e: document.e, default: 3 },
    ],
    [
      "but not through what if and not ask for, nor through then without if",
      {
        not: { properties: { a: {} } },
        if: { properties: { e: {} } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword
        allOf: [{ then: { properties: { default: {} } } }],
      },
      undefined,
    ],
    [
      "through dependentSchemas, and dependencies that are schemas",
      {
        dependentSchemas: { e: { properties: { a: { properties: { b: {} } } } }, default: true },
        dependencies: { e: { properties: { default: {} } }, a: ["e"] },
      },
      { a: { b: 1 }, default: 3 },
    ],
    ["through unevaluatedProperties: true", { unevaluatedProperties: true }, document],
    [
      "through an unevaluatedProperties schema, where nothing else evaluates",
      {
        properties: { e: {} },
        allOf: [{ properties: { a: { properties: { c: {} } } } }],
        unevaluatedProperties: { properties: { b: {} } },
      },
      { a: { c: { d: 2 } }, e: document.e, default: 3, toString: 4, $ref: 5 },
    ],
    [
      "through unevaluatedProperties beside a branch that may not hold",
      {
        anyOf: [{ properties: { a: { properties: { c: {} } } } }, {}],
        unevaluatedProperties: { properties: { b: {} } },
      },
      document,
    ],
    ["through no unevaluatedProperties: false", { unevaluatedProperties: false }, undefined],
    [
      "a member that only a condition declares, below the root",
      {
        properties: {
          a: {
            if: { required: ["b"] },
            // biome-ignore lint/suspicious/noThenProperty: a keyword
            then: { properties: { c: {} } },
          },
        },
      },
      { a: { c: { d: 2 } } },
    ],
    [
      "wholly under an object that declares no members",
      { properties: { a: { type: "object" } } },
      { a: document.a },
    ],
    ["wholly under `true`", { properties: { a: true } }, { a: document.a }],
    ["wholly under an empty properties", { properties: { a: { properties: {} } } }, { a: document.a }],
    [
      "not wholly under one whose branch declares members",
      { properties: { a: { anyOf: [{ type: "string" }, { properties: { b: {} } }] } } },
      { a: { b: 1 } },
    ],
    ["nothing when its root declares none", { type: "object" }, undefined],
    ["nothing when its root only has empty ones", { properties: {}, additionalProperties: false }, undefined],
    [
      "nothing that `false` forbids",
      { properties: { a: false }, additionalProperties: true },
      {
        e: document.e,
        default: 3,
        toString: 4,
        $ref: 5,
      },
    ],
    [
      "from properties and from a pattern at once",
      {
        properties: { a: { properties: { b: {} } } },
        patternProperties: { "^a": { properties: { c: {} } } },
      },
      { a: document.a },
    ],
    [
      "additional members only where neither name nor pattern speaks",
      {
        properties: { a: { properties: { b: {} } } },
        patternProperties: { "^e$": {} },
        additionalProperties: false,
      },
      { a: { b: 1 }, e: document.e },
    ],
    [
      "settings named like what JavaScript or JSON Schema knows",
      { properties: { default: {}, toString: {}, $ref: {} } },
      {
        default: 3,
        toString: 4,
        $ref: 5,
      },
    ],
    [
      "arrays whole, whatever their items declare",
      { properties: { e: { items: { properties: { z: {} } } } } },
      { e: document.e },
    ],
    ["not an array whose setting is not declared", { properties: { default: {} } }, { default: 3 }],
  ])("%s", (_, schema, expected) => {
    expect(seen(schema)).toEqual(expected);
  });

  test("POSIX classes in patterns mean what they say", () => {
    const schema = { patternProperties: { "^[[:alnum:]_]+$": {} } };
    expect(seen(schema, { a_1: 1, "a-1": 2, "": 3, é: 4 })).toEqual({ a_1: 1 });
  });

  test("at every level of a schema that contains itself", () => {
    const schema = { properties: { name: {}, child: { $ref: "#" } } };
    const deep = { child: { child: { child: { name: "n", other: 1 } }, other: 2 }, other: 3 };
    expect(seen(schema, deep)).toEqual({ child: { child: { child: { name: "n" } } } });
  });

  test("across files", () => {
    const account = loadAccount(
      { properties: { keys: { $ref: "shared" } } },
      { shared: { properties: { one: { $ref: "part" } } }, part: { properties: { two: {} } } },
    );
    expect(visiblePart({ keys: { one: { two: 1, x: 1 }, x: 1 }, x: 1 }, account.visibility)).toEqual({
      keys: { one: { two: 1 } },
    });
  });
});

describe("the two sides of a config", () => {
  const config = () =>
    loadConfig({
      "account_config.x": { properties: { mine: { properties: { a: { default: 1 } } }, id: {} } },
      "system_config.x": {
        properties: {
          mine: { properties: { a: { default: 2 }, b: { default: 3 } } },
          secret: { default: "planted" },
        },
      },
    });

  test("an account sees of the system's defaults what its own schema declares", () => {
    expect(config().forAccount?.defaults).toEqual({ mine: { a: 2 } });
    expect(config().forSystem.defaults).toEqual({ mine: { a: 2, b: 3 }, secret: "planted" });
  });

  test("the system level sees everything and may write what either side declares", () => {
    const { forSystem } = config();
    expect(forSystem.visibility).toBe(EVERYTHING);
    const writes = (...tokens: string[]) =>
      tokens.reduce<Visibility | undefined>((at, token) => at?.member(token), forSystem.writable) !==
      undefined;
    expect([
      writes("id"),
      writes("secret"),
      writes("mine", "b"),
      writes("mine", "a"),
      writes("x"),
      writes("mine", "x"),
    ]).toEqual([true, true, true, true, false, false]);
  });

  test("an account may write what it sees", () => {
    const account = config().forAccount;
    expect(account?.writable).toBe(account?.visibility);
  });

  test("system-wide is what the system schema declares, at any depth", () => {
    const { isSystemWide } = { isSystemWide: (tokens: string[]) => config().isSystemWide(tokens) };
    expect(
      [["secret"], ["secret", "any"], ["mine", "b"], ["id"], ["mine", "x"], []].map(isSystemWide),
    ).toEqual([true, true, true, false, false, true]);
  });

  test("names says whether properties spells a member out", () => {
    const account = loadAccount({ allOf: [{ properties: { _id: {} } }], patternProperties: { "^pvt_": {} } });
    expect(["_id", "pvt_x", "toString"].map((key) => account.names(key))).toEqual([true, false, false]);
  });

  test("without a system schema the account's defaults count, and without an account schema nobody sees any", () => {
    const { configs } = load({
      "account_config.a": { properties: { n: { default: 1 } } },
      "system_config.b": { properties: { n: { default: 1 } } },
    });
    expect(configs.get("a")?.forAccount?.defaults).toEqual({ n: 1 });
    expect(configs.get("a")?.forSystem.defaults).toEqual({ n: 1 });
    expect(configs.get("b")?.forAccount).toBeUndefined();
  });
});

/** The schemas that hold whenever a schema does. */
function alwaysOf({ $ref, allOf = [] }: JsonObject, root: JsonObject): Json[] {
  const name = typeof $ref === "string" ? $ref.slice("#/definitions/".length) : undefined;
  const target = $ref === "#" ? root : name !== undefined && (root.definitions as JsonObject)[name];
  return [target as Json, ...(allOf as Json[])];
}

/** A schema and all it may lead to about the same value: R5's branches. */
function branchesOf(schema: JsonObject, root: JsonObject, found: JsonObject[] = []): JsonObject[] {
  if (found.includes(schema)) return found;
  found.push(schema);
  const { anyOf = [], oneOf = [], dependentSchemas = {}, dependencies = {} } = schema;
  const chosen = "if" in schema ? [schema.then, schema.else] : [];
  const dependent = [dependentSchemas, dependencies].flatMap((each) => Object.values(each as JsonObject));
  for (const next of [...alwaysOf(schema, root), anyOf, oneOf, chosen, dependent].flat()) {
    if (isObject(next as Json)) branchesOf(next as JsonObject, root, found);
  }
  return found;
}

function declares(schema: JsonObject): boolean {
  const { properties = {}, patternProperties = {}, unevaluatedProperties = false } = schema;
  const { additionalProperties = unevaluatedProperties } = schema;
  return (
    Object.keys(properties as JsonObject).length > 0 ||
    Object.keys(patternProperties as JsonObject).length > 0 ||
    additionalProperties !== false
  );
}

/** The schemas that one schema object has for a member; undefined: it says nothing about it. */
function saysOf(schema: JsonObject, key: string): Json[] | undefined {
  const { properties = {}, patternProperties = {}, additionalProperties } = schema;
  const byName = Object.entries(properties as JsonObject).filter(([name]) => name === key);
  const byPattern = Object.entries(patternProperties as JsonObject).filter(([text]) => PATTERNS[text]?.(key));
  const members = [...byName, ...byPattern].map(([, member]) => member);
  if (members.length > 0) return members;
  return additionalProperties === undefined ? undefined : [additionalProperties];
}

/** Whether a member is evaluated wherever a schema holds; its own `unevaluatedProperties` left aside. */
function isEvaluated(schema: JsonObject, key: string, root: JsonObject, met: JsonObject[] = []): boolean {
  if (met.includes(schema)) return false;
  if (saysOf(schema, key) !== undefined) return true;
  if (met.length > 0 && schema.unevaluatedProperties !== undefined) return true;
  return alwaysOf(schema, root).some(
    (next) => isObject(next) && isEvaluated(next, key, root, [...met, schema]),
  );
}

/** Rule 5 by path: whether one schema lets a path be seen. */
function letsSee(schema: Json, path: readonly string[], root: JsonObject, isRoot: boolean): boolean {
  if (!isObject(schema)) return schema === true;
  const [key, ...rest] = path;
  if (key === undefined) return true;
  const branches = branchesOf(schema, root);
  if (!branches.some(declares)) return !isRoot;
  return branches.some((branch) => {
    const { unevaluatedProperties = false } = branch;
    const said = saysOf(branch, key) ?? (isEvaluated(branch, key, root) ? [] : [unevaluatedProperties]);
    return said.some((member) => letsSee(member, rest, root, false));
  });
}

function leaves(
  object: JsonObject,
  path: readonly string[] = [],
): { path: readonly string[]; value: Json }[] {
  return Object.entries(object).flatMap(([key, value]) => {
    const at = [...path, key];
    return isObject(value) && !isEmpty(value) ? leaves(value, at) : [{ path: at, value }];
  });
}

const EVERYTHING_BUT_DEFAULTS = {
  references: true,
  patterns: true,
  booleans: true,
  defaults: false,
  conditions: true,
};

law(
  "R5: what is seen of any document through any schema is what the rule says, leaf by leaf",
  schemasAndDocuments(EVERYTHING_BUT_DEFAULTS),
  ({ schema, document: stored }) => {
    const shown = visiblePart(stored, DeclaredVisibility.of(schema));
    expect(leaves(shown ?? {})).toEqual(
      leaves(stored).filter(({ path }) => letsSee(schema, path, schema, true)),
    );
    return shown === undefined || !isEmpty(shown);
  },
);

law(
  "R5: a place says the same however often and in whatever order it is asked",
  schemasAndDocuments(EVERYTHING_BUT_DEFAULTS),
  ({ schema, document: stored }) => {
    const asked = DeclaredVisibility.of(schema);
    visiblePart({ a: stored, b: { a: stored } }, asked);
    expect(visiblePart(stored, asked)).toEqual(visiblePart(stored, DeclaredVisibility.of(schema)));
    return true;
  },
);
