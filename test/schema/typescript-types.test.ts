import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/domain/json/json.js";
import { loadSchemaRegistry } from "../../src/schema/schema-registry.js";
import { typescriptTypes } from "../../src/schema/typescript-types.js";
import { strata } from "../archive/strata-process.js";
import { cases, SEED } from "../cases.js";
import { SHIPPED_SCHEMAS } from "../service/services.js";
import { temporaryFolder } from "../temporary-folder.js";
import { load } from "./temporary-folder.js";

/** What the compiler says against a text, at its strictest. */
function complaints(text: string): string[] {
  const file = join(temporaryFolder(), "configs.ts");
  writeFileSync(file, text);
  const options = {
    strict: true,
    noEmit: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    types: [],
  };
  const program = ts.createProgram([file], {
    ...options,
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2023.d.ts"],
  });
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

const typesOf = (files: Record<string, object>) =>
  typescriptTypes(load(files as Record<string, Json>).configs.values());

const FLOW = {
  properties: {
    module: { type: "string" },
    child: { $ref: "#/$defs/flow" },
    next: { type: "array", items: { $ref: "flow" } },
  },
  required: ["module"],
  $defs: { flow: { $ref: "flow" } },
};
const TRICKY = {
  "account_config.crossbar.auth": {
    description: "Ends */ here\nand goes on",
    properties: {
      "a-b": { type: ["string", "null"], description: "has a */ in it" },
      level: { enum: ["low", "high", 3, null] },
      fixed: { const: 5 },
      list: { type: "array", items: { anyOf: [{ type: "string" }, { type: "integer" }] } },
      pair: { type: "array", prefixItems: [{ type: "string" }] },
      map: { type: "object", additionalProperties: { type: "boolean" } },
      mixed: {
        type: "object",
        properties: { a: { type: "string" } },
        additionalProperties: { type: "number" },
      },
      both: {
        allOf: [
          { properties: { x: { type: "string" } } },
          { properties: { y: { $ref: "flow" } }, required: ["y"] },
        ],
      },
      any: true,
      none: false,
      flow: { $ref: "flow" },
    },
    required: ["level"],
  },
  "account_config.crossbar_auth": { type: "object", additionalProperties: true },
  "account_config.1st": { properties: { class: { type: "boolean" } } },
  "system_config.hidden": { properties: { password: { type: "string" } } },
  flow: FLOW,
};

describe("the TypeScript types", () => {
  test("compile, and take what the schemas take but nothing of another type", () => {
    const types = typesOf(TRICKY);
    const sound = `
      export const one: CrossbarAuth = { "a-b": null, level: 3, fixed: 5, list: ["a", 1], map: { x: true }, mixed: { a: "b", c: 4 }, both: { x: "x", y: { module: "m", next: [{ module: "n" }] } }, any: {}, flow: { module: "m", child: { module: "c" } } };
      export const two: CrossbarAuth2 = { whatever: [1] };
      export const three: Configs["1st"] = { class: true };`;
    expect(complaints(types + sound)).toEqual([]);
    for (const wrong of [
      `{}`,
      `{ level: "middle" }`,
      `{ level: 3, "a-b": 1 }`,
      `{ level: 3, list: [true] }`,
      `{ level: 3, map: { x: 1 } }`,
      `{ level: 3, flow: {} }`,
      `{ level: 3, both: {} }`,
      `{ level: 3, none: 1 }`,
    ])
      expect(complaints(`${types}\nexport const it: CrossbarAuth = ${wrong};`), wrong).toHaveLength(1);
    expect(types).not.toContain("password");
  });

  test("of the shipped schemas compile, take their defaults, and are printed by the command", async () => {
    const { code, output } = await strata(["types"]);
    expect(code).toBe(0);
    const configs = [...loadSchemaRegistry(SHIPPED_SCHEMAS).configs.values()];
    const defaults = configs.flatMap(({ id, forAccount }, index) =>
      forAccount
        ? [
            `export const c${index}: Configs[${JSON.stringify(id)}] = ${JSON.stringify(forAccount.defaults ?? {})};`,
          ]
        : [],
    );
    expect(defaults.length).toBeGreaterThan(5);
    expect(complaints(`${output}\n${defaults.join("\n")}`)).toEqual([]);
  });

  test(`compile whatever the names and texts are (LAW_SEED=${SEED})`, () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("*/", "a b", "class", "1", "-", "\u2028", "`x`", "Array", "unknown"),
    );
    const schema = fc.dictionary(
      text,
      fc.record({
        description: text,
        enum: fc.array(fc.oneof(text, fc.integer(), fc.boolean()), { minLength: 1 }),
      }),
      { noNullPrototype: true },
    );
    const law = fc.property(fc.array(schema, { minLength: 3, maxLength: 10 }), (all) => {
      const isAllowed = (name: string) => name !== "__proto__";
      const files = all.map((properties, index) => [
        `account_config.c${index}`,
        { properties: Object.fromEntries(Object.entries(properties).filter(([name]) => isAllowed(name))) },
      ]);
      expect(complaints(typesOf(Object.fromEntries(files)))).toEqual([]);
    });
    fc.assert(law, { numRuns: cases(5), seed: SEED });
  });
});
