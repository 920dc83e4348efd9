import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GraphqlClient } from "../graphql-client.js";
import {
  AccountDocument,
  ConfigDocument,
  type LayerKind,
  PartDocument,
  SchemaDocument,
  SchemasDocument,
  SetConfigDocument,
  SetSystemConfigDocument,
  SystemConfigDocument,
} from "../operations.generated.js";
import { TestApp } from "../test-app.js";

describe("the examples", () => {
  let app: TestApp;
  let client: GraphqlClient;
  beforeAll(async () => {
    app = await TestApp.open();
    client = app.client;
  });
  afterAll(() => app.close());

  test("a config tells what is in force and who says so, in document order", async () => {
    const { config } = await client.run(ConfigDocument, { accountId: "acme", configId: "conferences" });
    expect(config?.id).toBe("acme/conferences");
    expect(config?.account?.id).toBe("acme");
    expect(config?.fields.map(({ pointer, value, source }) => [pointer, value, source.kind])).toEqual([
      ["/entry_tone", "tone_stream://%(200,0,500,600)", "RESELLER"],
      ["/exit_tone", expect.any(String), "SCHEMA"],
      ["/moderator_entry_tone", expect.any(String), "SCHEMA"],
      ["/moderator_exit_tone", expect.any(String), "SCHEMA"],
      ["/number_timeout", 8_000, "SYSTEM"],
      ["/pin_timeout", 3_000, "ACCOUNT"],
      ["/support_name_announcement", true, "SCHEMA"],
      ["/profiles/town_hall/max-members", 400, "ACCOUNT"],
      ["/profiles/town_hall/announce-count", 300, "ACCOUNT"],
    ]);
    expect(config?.values).toMatchObject({
      pin_timeout: 3_000,
      profiles: { town_hall: { "max-members": 400, "announce-count": 300 } },
    });
    expect(config?.problems).toEqual([]);
  });

  test("R16: every layer's contribution to a field is there, the source first", async () => {
    const { config } = await client.run(ConfigDocument, { accountId: "acme", configId: "conferences" });
    const field = config?.fields.find(({ pointer }) => pointer === "/pin_timeout");
    expect(field?.contributions.map(({ layer, pointer, value }) => [layer.kind, pointer, value])).toEqual([
      ["ACCOUNT", "/pin_timeout", 3_000],
      ["RESELLER", "/pin_timeout", 7_500],
      ["SYSTEM", "/pin_timeout", 6_000],
      ["SCHEMA", "/pin_timeout", 5_000],
    ]);
    for (const { contributions, source, value } of config?.fields ?? []) {
      expect(contributions[0]).toMatchObject({ layer: { kind: source.kind }, value });
    }
  });

  test.each<[string, [LayerKind, string | null][]]>([
    [
      "acme",
      [
        ["ACCOUNT", "acme"],
        ["RESELLER", "summit"],
        ["SYSTEM", null],
        ["SCHEMA", null],
      ],
    ],
    [
      "acme-berlin",
      [
        ["ACCOUNT", "acme-berlin"],
        ["RESELLER", "summit"],
        ["SYSTEM", null],
        ["SCHEMA", null],
      ],
    ],
    [
      "summit",
      [
        ["ACCOUNT", "summit"],
        ["RESELLER", "northstar"],
        ["SYSTEM", null],
        ["SCHEMA", null],
      ],
    ],
    [
      "northstar",
      [
        ["ACCOUNT", "northstar"],
        ["SYSTEM", null],
        ["SCHEMA", null],
      ],
    ],
  ])("R1: the layers of %s, highest first; the root has no RESELLER", async (accountId, layers) => {
    const { config } = await client.run(ConfigDocument, { accountId, configId: "conferences" });
    expect(config?.layers.map(({ kind, account }) => [kind, account?.id ?? null])).toEqual(layers);
  });

  test("a layer tells its document and who wrote it when; nothing stored is null throughout", async () => {
    const { config } = await client.run(ConfigDocument, {
      accountId: "acme-berlin",
      configId: "conferences",
    });
    const [account, reseller, , schema] = config?.layers ?? [];
    expect(account).toMatchObject({ document: null, revision: null, updatedAt: null, updatedBy: null });
    expect(reseller).toMatchObject({
      document: { pin_timeout: 7_500, entry_tone: expect.any(String) },
      revision: 1,
      updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updatedBy: "anonymous",
    });
    expect(schema).toMatchObject({ document: { pin_timeout: 5_000 }, revision: null, updatedAt: null });
  });

  test("the system level has its own view, with what no account sees", async () => {
    const { systemConfig } = await client.run(SystemConfigDocument, { configId: "conferences" });
    expect(systemConfig).toMatchObject({ id: "system:conferences", account: null });
    expect(systemConfig?.layers.map(({ kind }) => kind)).toEqual(["SYSTEM", "SCHEMA"]);
    expect(systemConfig?.values).toHaveProperty("review_name", false);
    const { config } = await client.run(ConfigDocument, { accountId: "acme", configId: "conferences" });
    expect(config?.values).not.toHaveProperty("review_name");
  });

  test.each<[string, LayerKind[] | null, string[]]>([
    ["/profiles", null, ["/profiles/town_hall/max-members", "/profiles/town_hall/announce-count"]],
    ["/profiles/town_hall/max-members", null, ["/profiles/town_hall/max-members"]],
    ["/prof", null, []],
    ["/nothing/here", null, []],
    ["", ["SYSTEM"], ["/number_timeout"]],
    ["", ["SYSTEM", "RESELLER"], ["/entry_tone", "/number_timeout"]],
    ["/profiles", ["SCHEMA"], []],
    ["", [], []],
  ])("fields(under: %j, sources: %j)", async (at, sources, expected) => {
    const variables = { accountId: "acme", configId: "conferences", at, sources };
    const { config } = await client.run(PartDocument, variables);
    expect(config?.fields.map(({ pointer }) => pointer)).toEqual(expected);
  });

  test("a field brings the schema that one input is drawn from", async () => {
    const variables = { accountId: "acme", configId: "conferences", at: "/pin_timeout" };
    const { config } = await client.run(PartDocument, variables);
    expect(config?.field).toMatchObject({
      pointer: "/pin_timeout",
      value: 3_000,
      description: expect.stringMatching(/\w/),
      schema: { type: "integer" },
    });
  });

  test("an account knows its way up, its reseller, and its configs", async () => {
    const configIds = ["fax", "conferences", "fax"];
    const { account } = await client.run(AccountDocument, { id: "acme-berlin", configIds });
    expect(account).toEqual({
      id: "acme-berlin",
      name: "Acme Industries, Berlin office",
      isReseller: false,
      parent: { id: "acme", parent: { id: "summit", parent: { id: "northstar" } } },
      reseller: { id: "summit" },
      config: { id: "acme-berlin/default" },
      configs: configIds.map((id) => ({ id: `acme-berlin/${id}` })),
    });
  });

  test("the root has neither parent nor reseller", async () => {
    const { account } = await client.run(AccountDocument, { id: "northstar", configIds: [] });
    expect(account).toMatchObject({ parent: null, reseller: null, configs: [] });
  });

  test("without configIds, an account lists every config that has an account schema", async () => {
    const { account } = await client.run(AccountDocument, { id: "acme", configIds: null });
    const { configSchemas } = await client.run(SchemasDocument, {});
    const withAccountSchema = configSchemas.filter(({ accountSchema }) => accountSchema !== null);
    expect(withAccountSchema.length).toBeGreaterThan(15);
    expect(account?.configs?.map(({ id }) => id)).toEqual(
      withAccountSchema.map(({ configId }) => `acme/${configId}`),
    );
  });

  test("an account that is not there is null, without an error", async () => {
    expect(await client.run(AccountDocument, { id: "nobody", configIds: [] })).toEqual({ account: null });
  });

  test("configSchemas lists what there is, by id, each with its defaults", async () => {
    const { configSchemas } = await client.run(SchemasDocument, {});
    const ids = configSchemas.map(({ configId }) => configId);
    expect(ids).toEqual([...ids].sort());
    expect(configSchemas.map(({ id }) => id)).toEqual(ids.map((configId) => `schema:${configId}`));
    expect(configSchemas.find(({ configId }) => configId === "conferences")).toMatchObject({
      accountSchema: { type: "object" },
      systemSchema: { type: "object" },
      defaults: { pin_timeout: 5_000 },
    });
  });

  test("configSchema gives one, or says that there is none", async () => {
    const { configSchema } = await client.run(SchemaDocument, { configId: "conferences" });
    expect(configSchema).toMatchObject({ id: "schema:conferences", configId: "conferences" });
    const missing = await client.ask(SchemaDocument, { configId: "nothing" });
    expect(missing.data).toEqual({ configSchema: null });
    expect(missing.errors).toMatchObject([
      { path: ["configSchema"], extensions: { code: "CONFIG_NOT_FOUND" } },
    ]);
  });

  test("one failure does not wipe out its siblings", async () => {
    const answer = await client.post({
      query: `{ good: config(accountId: "acme", configId: "fax") { id }
        bad: config(accountId: "nobody", configId: "fax") { id }
        account(id: "acme") { config(configId: "nothing") { id } name } }`,
    });
    expect(answer.data).toEqual({
      good: { id: "acme/fax" },
      bad: null,
      account: { config: null, name: "Acme Industries" },
    });
    expect(answer.errors).toMatchObject([
      { path: ["bad"], extensions: { code: "ACCOUNT_NOT_FOUND" } },
      { path: ["account", "config"], extensions: { code: "CONFIG_NOT_FOUND" } },
    ]);
  });
});

describe("pointers", () => {
  let app: TestApp;
  const part = (at: string) => app.client.ask(PartDocument, { accountId: "acme", configId: "odd", at });
  beforeAll(async () => {
    app = await TestApp.open({ "account_config.odd": { type: "object", additionalProperties: true } });
    const values = { "a/b": { "m~n": 1, "~1": 2 }, "": { "": 3 }, list: [{ a: 1 }, null], empty: {} };
    await app.client.run(SetConfigDocument, { input: { accountId: "acme", configId: "odd", values } });
  });
  afterAll(() => app.close());

  test.each<[string, unknown]>([
    ["/a~1b/m~0n", 1],
    ["/a~1b/~01", 2],
    ["//", 3],
    ["/list", [{ a: 1 }, null]],
    ["/empty", {}],
  ])("%s is a field", async (at, value) => {
    expect((await part(at)).data?.config).toMatchObject({
      value,
      field: { pointer: at, value },
      fields: [{ pointer: at }],
    });
  });

  test.each<[string, unknown]>([
    ["/a~1b", { "m~n": 1, "~1": 2 }],
    ["/list/0", null],
    ["/list/0/a", null],
    ["/nothing", null],
    ["/toString", null],
  ])("%s is no field, its value is %j", async (at, value) => {
    expect((await part(at)).data?.config).toMatchObject({ value, field: null });
  });

  test('"" is the whole document', async () => {
    const { data } = await part("");
    expect(data?.config?.value).toMatchObject({ empty: {} });
    expect(data?.config?.fields.map(({ pointer }) => pointer)).toEqual([
      "/a~1b/m~0n",
      "/a~1b/~01",
      "//",
      "/list",
      "/empty",
    ]);
  });

  test.each(["a", "list", "/a~2b", "/~", "#/list", "/a~", " /list", `/${"x".repeat(1_024)}`])(
    "%j is malformed",
    async (at) => {
      const { status, data, errors } = await part(at);
      expect(status).toBe(400);
      expect(data).toBeUndefined();
      for (const { extensions } of errors ?? []) expect(extensions.code).toBe("BAD_USER_INPUT");
      expect(errors?.length).toBeGreaterThan(0);
    },
  );
});

test("a problem that stands already is told with its layer", async () => {
  const app = await TestApp.forTest({
    "account_config.x": { properties: { n: { type: "integer" } }, required: ["m"] },
    "system_config.x": { properties: { n: {}, m: {} } },
  });
  await app.client.run(SetSystemConfigDocument, { input: { configId: "x", values: { n: "bad" } } });
  const { config } = await app.client.run(ConfigDocument, { accountId: "acme", configId: "x" });
  expect(config?.problems).toEqual([
    {
      pointer: "/m",
      keyword: "required",
      message: expect.any(String),
      expected: null,
      source: null,
      inherited: true,
      existing: false,
    },
    {
      pointer: "/n",
      keyword: "type",
      message: expect.any(String),
      expected: "integer",
      source: "SYSTEM",
      inherited: true,
      existing: false,
    },
  ]);
});
