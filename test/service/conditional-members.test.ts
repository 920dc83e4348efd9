import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/domain/json/json.js";
import { loadSchemaRegistry } from "../../src/schema/schema-registry.js";
import { schemaFolder } from "../temporary-folder.js";
import { openServices, type Services, written } from "./services.js";

const DRAFT_04 = { $schema: "http://json-schema.org/draft-04/schema#" };
const DRAFT_07 = { $schema: "http://json-schema.org/draft-07/schema#" };
const OPT = { opt: { type: "integer", title: "Optional", description: "Only with mode x." } };

/** Each declares `mode`, and `opt` where a condition holds. */
const CONDITIONS: [name: string, schema: JsonObject][] = [
  [
    "then",
    {
      if: { properties: { mode: { const: "x" } }, required: ["mode"] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword
      then: { properties: OPT, required: ["opt"] },
    },
  ],
  [
    "else",
    {
      ...DRAFT_07,
      if: { not: { required: ["mode"] } },
      else: { properties: OPT, required: ["opt"] },
    },
  ],
  ["dependentSchemas", { dependentSchemas: { mode: { properties: OPT, required: ["opt"] } } }],
  ["dependencies", { ...DRAFT_04, dependencies: { mode: { properties: OPT, required: ["opt"] } } }],
];

const withMode = ({ $schema, ...schema }: JsonObject): JsonObject => ({
  ...($schema !== undefined && { $schema }),
  properties: { mode: { type: "string" } },
  ...schema,
});

async function open(schema: JsonObject, side: "account" | "system" = "account"): Promise<Services> {
  const services = await openServices(schemaFolder({ [`${side}_config.x`]: schema }));
  await services.tree(["root"], ["leaf", "root"]);
  return services;
}

describe.each(CONDITIONS)("R5: a member declared under %s", (_, schema) => {
  test("can be set where the condition holds, and validation decides", async () => {
    const services = await open(withMode(schema));
    expect(await services.set("leaf", "x", { mode: "x" })).toMatchObject({
      result: "invalid",
      problems: expect.arrayContaining([expect.objectContaining({ pointer: "/opt", keyword: "required" })]),
    });
    expect(written(await services.set("leaf", "x", { mode: "x", opt: 1 })).document).toEqual({
      mode: "x",
      opt: 1,
    });
    expect(await services.patch("leaf", "x", { opt: "text" })).toMatchObject({
      result: "invalid",
      problems: expect.arrayContaining([expect.objectContaining({ pointer: "/opt", keyword: "type" })]),
    });
    expect((await services.read("leaf", "x")).config.values).toEqual({ mode: "x", opt: 1 });
    expect(await services.patch("leaf", "x", { other: 1 })).toMatchObject({
      result: "invalid",
      problems: [{ pointer: "/other", keyword: "unknown" }],
    });
  });

  test("can be set below the root and by the system too", async () => {
    const nested = await open({
      ...(schema.$schema !== undefined && { $schema: schema.$schema }),
      properties: { o: withMode(schema) },
    });
    const values = { o: { mode: "x", opt: 1 } };
    expect(written(await nested.set("leaf", "x", values)).document).toEqual(values);
    expect(written(await nested.set(undefined, "x", values)).document).toEqual(values);
    const system = await open(withMode(schema), "system");
    expect(written(await system.set(undefined, "x", values.o)).document).toEqual(values.o);
  });

  test("has a title, a description and a schema", () => {
    const { configs } = loadSchemaRegistry(schemaFolder({ "account_config.x": withMode(schema) }));
    const described = { title: "Optional", description: "Only with mode x.", schema: OPT.opt };
    expect(configs.get("x")?.forAccount?.field("/opt")).toEqual(described);
    expect(configs.get("x")?.forSystem.field("/opt")).toEqual(described);
  });
});

describe("R5: unevaluatedProperties", () => {
  const schema = (unevaluatedProperties: Json) => ({
    allOf: [{ properties: { mode: { type: "string" } } }],
    unevaluatedProperties,
  });

  test("with a schema declares every other member", async () => {
    const services = await open(schema({ type: "integer", title: "Any" }));
    expect(written(await services.set("leaf", "x", { mode: "x", any: 1 })).document).toEqual({
      mode: "x",
      any: 1,
    });
    expect(await services.set("leaf", "x", { any: "text" })).toMatchObject({
      result: "invalid",
      problems: expect.arrayContaining([expect.objectContaining({ pointer: "/any" })]),
    });
    const { configs } = loadSchemaRegistry(schemaFolder({ "account_config.x": schema({ title: "Any" }) }));
    expect(configs.get("x")?.forAccount?.field("/any")?.title).toBe("Any");
    expect(configs.get("x")?.forAccount?.field("/mode")?.schema).toEqual({ type: "string" });
  });

  test("that is true declares them, that is false does not", async () => {
    const opened = await open(schema(true));
    expect(written(await opened.set("leaf", "x", { any: { deep: 1 } })).document).toEqual({
      any: { deep: 1 },
    });
    const closed = await open(schema(false));
    expect(await closed.set("leaf", "x", { any: 1 })).toMatchObject({
      result: "invalid",
      problems: [{ pointer: "/any", keyword: "unknown" }],
    });
  });
});

test("R5, R12: a reserved name that a condition names can be set", async () => {
  const services = await open({
    properties: { mode: {} },
    // biome-ignore lint/suspicious/noThenProperty: a keyword
    ...{ if: { required: ["mode"] }, then: { properties: { _id: {}, id: {} } } },
  });
  expect(written(await services.set("leaf", "x", { mode: 1, _id: 1, id: 2 })).document).toEqual({
    mode: 1,
    _id: 1,
    id: 2,
  });
});
