import { setTimeout } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { TestApp } from "../test-app.js";

const SCHEMAS = {
  "account_config.calls": {
    type: "object",
    properties: {
      record_call: { type: "boolean" },
      pin_timeout: { type: "integer" },
      greeting: { type: "object", properties: { text: { type: "string" }, lang: { type: "string" } } },
    },
  },
  "system_config.calls": {
    type: "object",
    properties: { record_call: { type: "boolean", default: false }, carrier_password: { type: "string" } },
  },
};
const CONSTRAINT = "pointer kind schema reason layer { kind updatedBy account { id } }";
const WRITTEN = `__typename ... on ConfigWritten { revision document pins constraints { ${CONSTRAINT} } changes { pointer } dryRun config { etag values } }
  ... on ConfigInvalid { problems { pointer keyword message source expected inherited existing } } ... on ConfigConflict { current { etag } }`;

describe("constraints and pins in GraphQL", () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await TestApp.forTest(SCHEMAS, { examples: false });
    for (const [id, parentId, isReseller] of [
      ["root", undefined, false],
      ["reseller", "root", true],
      ["shop", "reseller", false],
    ])
      await mutate("createAccount", { id, name: id, parentId, isReseller }, "account { id }");
  });

  type Answer = Record<string, unknown>;
  async function ask(query: string, variables: object = {}) {
    return app.client.post<Record<string, never>>({ query, variables });
  }
  async function mutate(name: string, input: object, selection = WRITTEN): Promise<Answer> {
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input!`;
    const query = `mutation ($input: ${type}) { ${name}(input: $input) { ${selection} } }`;
    const { data, errors } = await ask(query, { input });
    expect(errors).toBeUndefined();
    return data?.[name] as unknown as Answer;
  }
  async function refused(input: object) {
    const query =
      "mutation ($input: ConstrainConfigInput!) { constrainConfig(input: $input) { __typename } }";
    return (await ask(query, { input: { ...RESELLER, ...input } })).errors?.[0]?.extensions;
  }
  async function config(accountId: string, selection: string): Promise<Answer> {
    const query = `query ($id: ID!) { config(accountId: $id, configId: "calls") { ${selection} } }`;
    const { data, errors } = await ask(query, { id: accountId });
    expect(errors).toBeUndefined();
    return data?.config as unknown as Answer;
  }
  const SHOP = { accountId: "shop", configId: "calls" };
  const RESELLER = { accountId: "reseller", configId: "calls" };
  const LOCK = { pointer: "/record_call", kind: "LOCK", reason: "Recording is regulated." };
  const BOUNDS = {
    pointer: "/pin_timeout",
    kind: "BOUNDS",
    schema: { type: "integer", minimum: 5, maximum: 60 },
    reason: "Fraud rules.",
  };

  it("shows what a revision constrained and pinned where its config is read as of its time", async () => {
    await mutate("setConfig", { ...RESELLER, values: { pin_timeout: 7 }, pin: ["/record_call"] });
    await setTimeout(2);
    await mutate("constrainConfig", { ...RESELLER, set: [LOCK] });
    await setTimeout(2);
    await mutate("constrainConfig", { ...RESELLER, remove: [LOCK.pointer] });
    await mutate("resetConfig", RESELLER);
    const { history } = (await config("reseller", "history { nodes { kind at } }")) as {
      history: { nodes: { kind: string; at: string }[] };
    };
    expect(history.nodes.map(({ kind }) => kind)).toEqual(["RESET", "CONSTRAIN", "CONSTRAIN", "SET"]);
    const query = `query ($asOf: DateTime!) { config(accountId: "reseller", configId: "calls", asOf: $asOf) {
      layers { constraints { pointer kind reason } } fields { pointer pinned } } }`;
    const then = async (node: number) => {
      const { data } = await ask(query, { asOf: history.nodes[node]?.at });
      const { layers = [], fields = [] } = (data?.config ?? {}) as {
        layers?: { constraints: unknown[] }[];
        fields?: { pointer: string; pinned: boolean }[];
      };
      return [layers[0]?.constraints, fields.flatMap(({ pointer, pinned }) => (pinned ? [pointer] : []))];
    };
    expect(await then(3)).toEqual([[], ["/record_call"]]);
    expect(await then(2)).toEqual([[LOCK], ["/record_call"]]);
    expect(await then(0)).toEqual([[], []]);
  });

  it("shows what binds, what is dormant and what carries it", async () => {
    await mutate("setConfig", { ...SHOP, values: { record_call: true, pin_timeout: 90 } });
    const written = await mutate("constrainConfig", { ...RESELLER, set: [LOCK, BOUNDS] });
    expect(written).toMatchObject({
      __typename: "ConfigWritten",
      revision: 1,
      document: {},
      pins: [],
      changes: [],
      constraints: [
        { ...BOUNDS, layer: { kind: "ACCOUNT" } },
        { ...LOCK, schema: null, layer: { kind: "ACCOUNT" } },
      ],
    });
    expect(await config("reseller", "history { nodes { kind document } }")).toEqual({
      history: { nodes: [{ kind: "CONSTRAIN", document: {} }] },
    });
    const seen = await config(
      "shop",
      `values constraints { ${CONSTRAINT} } dormant { pointer value layer { kind } constraint { pointer } }
       layers { kind document revision constraints { pointer layer { kind } } } field(at: "/record_call") { value source { kind } pinned constraint { kind reason } contributions { layer { kind } } }`,
    );
    expect(seen).toEqual({
      values: { record_call: false },
      constraints: [
        { ...BOUNDS, layer: { kind: "RESELLER", updatedBy: "anonymous", account: { id: "reseller" } } },
        {
          ...LOCK,
          schema: null,
          layer: { kind: "RESELLER", updatedBy: "anonymous", account: { id: "reseller" } },
        },
      ],
      dormant: [
        {
          pointer: "/record_call",
          value: true,
          layer: { kind: "ACCOUNT" },
          constraint: { pointer: "/record_call" },
        },
        {
          pointer: "/pin_timeout",
          value: 90,
          layer: { kind: "ACCOUNT" },
          constraint: { pointer: "/pin_timeout" },
        },
      ],
      layers: [
        { kind: "ACCOUNT", document: { record_call: true, pin_timeout: 90 }, revision: 1, constraints: [] },
        {
          kind: "RESELLER",
          document: {},
          revision: 1,
          constraints: [
            { pointer: "/pin_timeout", layer: { kind: "RESELLER" } },
            { pointer: "/record_call", layer: { kind: "RESELLER" } },
          ],
        },
        { kind: "SYSTEM", document: null, revision: null, constraints: [] },
        { kind: "SCHEMA", document: { record_call: false }, revision: null, constraints: [] },
      ],
      field: {
        value: false,
        source: { kind: "SCHEMA" },
        pinned: false,
        constraint: { kind: "LOCK", reason: LOCK.reason },
        contributions: [{ layer: { kind: "SCHEMA" } }],
      },
    });
  });

  it("refuses what is locked or out of bounds as data, also in a dry run", async () => {
    await mutate("constrainConfig", { ...RESELLER, set: [LOCK, BOUNDS] });
    const patch = { record_call: true, pin_timeout: 90 };
    for (const dryRun of [true, false])
      expect(await mutate("patchConfig", { ...SHOP, patch, dryRun })).toMatchObject({
        __typename: "ConfigInvalid",
        problems: [
          {
            pointer: "/record_call",
            keyword: "locked",
            source: "RESELLER",
            inherited: false,
            existing: false,
          },
          { pointer: "/pin_timeout", keyword: "bounds", source: "RESELLER", expected: BOUNDS.schema },
        ],
      });
    expect(await mutate("patchConfig", { ...SHOP, patch: { pin_timeout: 30 } })).toMatchObject({
      revision: 1,
    });
  });

  it("pins what is in force, and lists what is redundant", async () => {
    await mutate("setConfig", { ...SHOP, values: { greeting: { lang: "de", text: "Hallo" } } });
    await mutate("setConfig", { ...RESELLER, values: { greeting: { lang: "de", text: "Hallo" } } });
    expect(await config("shop", "redundant")).toEqual({ redundant: ["/greeting/lang", "/greeting/text"] });
    const pinned = await mutate("patchConfig", {
      ...SHOP,
      patch: {},
      pin: ["/greeting/lang", "/record_call"],
    });
    expect(pinned).toMatchObject({
      pins: ["/greeting/lang", "/record_call"],
      document: { greeting: { lang: "de", text: "Hallo" }, record_call: false },
    });
    expect(await config("shop", 'redundant field(at: "/greeting/lang") { pinned }')).toEqual({
      redundant: ["/greeting/text"],
      field: { pinned: true },
    });
  });

  it("constrains the system layer for superadmins, and tells history and audit log", async () => {
    await mutate("setConfig", { ...RESELLER, values: { record_call: true } });
    const input = { configId: "calls", set: [LOCK], note: "law 7" };
    expect(await mutate("constrainSystemConfig", input)).toMatchObject({
      constraints: [{ ...LOCK, layer: { kind: "SYSTEM", account: null } }],
    });
    expect(await config("reseller", "values dormant { pointer }")).toEqual({
      values: { record_call: false },
      dormant: [{ pointer: "/record_call" }],
    });
    const { data } = await ask(
      '{ systemConfig(configId: "calls") { constraints { pointer } history { nodes { kind note changes { pointer } } } } auditLog(first: 1) { nodes { action note } } }',
    );
    expect(data).toEqual({
      systemConfig: {
        constraints: [],
        history: { nodes: [{ kind: "CONSTRAIN", note: "law 7", changes: [] }] },
      },
      auditLog: { nodes: [{ action: "CONSTRAIN", note: "law 7" }] },
    });
  });

  it("refuses what cannot be a constraint by name", async () => {
    const locks = Array.from({ length: 201 }, (_, n) => ({ ...LOCK, pointer: `/x${n}` }));
    expect(await refused({ set: locks })).toMatchObject({ code: "BAD_USER_INPUT", limit: "constraints" });
    const large = { ...BOUNDS, schema: { description: "x".repeat(5_000) } };
    expect(await refused({ set: [large] })).toMatchObject({
      code: "BAD_USER_INPUT",
      limit: "constraintSchema",
    });
    expect(await refused({ set: [{ ...BOUNDS, schema: { $ref: "#" } }] })).toMatchObject({
      code: "BAD_USER_INPUT",
      pointer: "/set/0/schema/$ref",
    });
    expect(await refused({ set: [{ ...BOUNDS, schema: { pattern: "^(?=x)" } }] })).toMatchObject({
      code: "BAD_USER_INPUT",
      pointer: "/set/0/schema/pattern",
    });
    expect(
      await mutate("constrainConfig", { ...RESELLER, set: [{ ...LOCK, pointer: "/carrier_password" }] }),
    ).toMatchObject({
      __typename: "ConfigInvalid",
      problems: [{ pointer: "/carrier_password", keyword: "unknown" }],
    });
    expect(await config("reseller", "layers { revision }")).toEqual({
      layers: [{ revision: null }, { revision: null }, { revision: null }, { revision: null }],
    });
  });

  it("answers each of a thousand nested constraints within the limit of a response", async () => {
    await mutate("constrainConfig", {
      ...RESELLER,
      set: Array.from({ length: 200 }, (_, n) => ({
        ...LOCK,
        pointer: `/greeting/x${n}`.replace(/x\d+$/, "text"),
      })).slice(0, 1),
    });
    const nested =
      "constraints { layer { constraints { layer { constraints { layer { constraints { reason } } } } } } }";
    expect(await config("shop", nested)).toBeDefined();
  });
});
