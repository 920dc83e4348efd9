import { describe, expect, test } from "vitest";
import type { Json } from "../../src/domain/json/json.js";
import { tokensOf } from "../../src/domain/json/pointer.js";
import { parseFlagKey } from "../../src/ofrep/flag-key.js";
import { type FlagType, flagManifest } from "../../src/ofrep/manifest.js";
import { loadSchemaRegistry } from "../../src/schema/schema-registry.js";
import { strata } from "../archive/strata-process.js";
import { load } from "../schema/temporary-folder.js";
import { SHIPPED_SCHEMAS } from "../service/services.js";
import { schemaFolder } from "../temporary-folder.js";

/** What the OpenFeature CLI takes as the default of each type. */
const FITS: Readonly<Record<FlagType, (value: Json) => boolean>> = {
  boolean: (value) => typeof value === "boolean",
  string: (value) => typeof value === "string",
  integer: (value) => Number.isInteger(value),
  float: (value) => typeof value === "number",
  object: () => true,
};

const manifestOf = (account: object, others: Record<string, object> = {}) =>
  flagManifest(
    load({ "account_config.x": account as Json, ...(others as Record<string, Json>) }).configs.values(),
  ).flags;

describe("the manifest", () => {
  test("has each setting by its key, with type, default and description", () => {
    const properties = {
      on: { type: "boolean", default: true, description: "Whether." },
      text: { type: "string", title: "Text" },
      whole: { type: "integer", default: 5 },
      part: { type: "number", default: 5 },
      list: { type: "array" },
      some: { enum: ["a", "b"] },
      maybe: { type: ["string", "null"] },
      either: { type: ["string", "integer"], default: "a" },
      any: {},
      inner: {
        type: "object",
        properties: { "a.b": { type: "integer" }, "a/b": { type: "integer" }, c: { $ref: "shared" } },
      },
      map: { type: "object", additionalProperties: { type: "string" }, default: { a: "b" } },
    };
    expect(manifestOf({ properties }, { shared: { type: "boolean", description: "Shared." } })).toEqual({
      "x:on": { flagType: "boolean", defaultValue: true, description: "Whether." },
      "x:text": { flagType: "string", defaultValue: "", description: "Text" },
      "x:whole": { flagType: "integer", defaultValue: 5 },
      "x:part": { flagType: "float", defaultValue: 5 },
      "x:list": { flagType: "object", defaultValue: [] },
      "x:some": { flagType: "string", defaultValue: "" },
      "x:maybe": { flagType: "string", defaultValue: "" },
      "x:either": { flagType: "string", defaultValue: "a" },
      "x:any": { flagType: "object", defaultValue: {} },
      "x:/inner/a.b": { flagType: "integer", defaultValue: 0 },
      "x:/inner/a~1b": { flagType: "integer", defaultValue: 0 },
      "x:inner.c": { flagType: "boolean", defaultValue: false, description: "Shared." },
      "x:map": { flagType: "object", defaultValue: { a: "b" } },
    });
  });

  test("has nothing that accounts do not see, and takes defaults from the system's schema", () => {
    const account = { properties: { a: { type: "integer", default: 1 } } };
    const system = {
      properties: { a: { type: "integer", default: 2 }, password: { type: "string", default: "p" } },
    };
    expect(manifestOf(account, { "system_config.x": system, "system_config.y": system })).toEqual({
      "x:a": { flagType: "integer", defaultValue: 2 },
    });
  });

  test("comes to an end where a schema comes back to itself", () => {
    const account = {
      properties: { flow: { $ref: "#/$defs/flow" } },
      $defs: { flow: { properties: { module: { type: "string" }, child: { $ref: "#/$defs/flow" } } } },
    };
    expect(Object.keys(manifestOf(account))).toEqual([
      "x:flow.module",
      "x:flow.child.module",
      "x:flow.child.child",
    ]);
  });

  test("of the shipped schemas has defaults of the type it says, and every default is in it", () => {
    const { configs } = loadSchemaRegistry(SHIPPED_SCHEMAS);
    const { flags } = flagManifest(configs.values());
    expect(Object.keys(flags).length).toBeGreaterThan(60);
    for (const [key, { flagType, defaultValue, ...rest }] of Object.entries(flags)) {
      expect(FITS[flagType](defaultValue), key).toBe(true);
      expect(Object.keys(rest).filter((name) => name !== "description")).toEqual([]);
    }
    for (const { id, forAccount } of configs.values())
      for (const leaf of leavesOf(forAccount?.defaults ?? {}))
        expect(
          Object.keys(flags).some((key) => isAtOrAbove(parseFlagKey(key), id, leaf)),
          `${id}${leaf}`,
        ).toBe(true);
  });

  test("is printed by the command; a config that there is not is named", async () => {
    const { code, output } = await strata(["manifest", "--config", "conferences"]);
    expect(code).toBe(0);
    expect(JSON.parse(output).flags["conferences:pin_timeout"]).toEqual({
      flagType: "integer",
      defaultValue: 5_000,
      description: expect.any(String),
    });
    expect(Object.keys(JSON.parse(output).flags).every((key) => key.startsWith("conferences:"))).toBe(true);
    expect(await strata(["manifest", "--config", "nothing"])).toMatchObject({
      code: 2,
      errors: expect.stringContaining("no config nothing"),
    });
    expect(await strata(["manifest", "conferences"])).toMatchObject({ code: 2 });
  });

  test("and the types name each schema that they leave out", async () => {
    const own = {
      properties: { x: { $ref: "#/definitions/a" } },
      definitions: { a: { $ref: "#/definitions/a" } },
    };
    const folder = schemaFolder({
      "account_config.good": { properties: { x: { type: "integer" } } },
      "account_config.loop": own,
    });
    for (const command of ["manifest", "types"]) {
      const { code, output, errors } = await strata([command], { STRATA_SCHEMAS: folder });
      expect([code, output.includes("good"), output.includes("loop")]).toEqual([0, true, false]);
      expect(errors).toMatch(/^account_config\.loop\.json is left out.*leads back to itself.*\n$/);
    }
  });
});

function leavesOf(value: Json, pointer = ""): string[] {
  const isInner =
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
  if (!isInner) return pointer === "" ? [] : [pointer];
  return Object.entries(value).flatMap(([name, inside]) =>
    leavesOf(inside as Json, `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`),
  );
}

function isAtOrAbove(found: ReturnType<typeof parseFlagKey>, configId: string, leaf: string): boolean {
  return (
    found?.configId === configId &&
    tokensOf(found.pointer).every((name, index) => tokensOf(leaf)[index] === name)
  );
}
