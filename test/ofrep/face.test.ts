import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestApp } from "../graphql/test-app.js";
import { TOKEN_ACCESS } from "../http/token-access.js";
import { askFlags, type FlagAnswer, tokenFor } from "./ask-flags.js";

const KEYS = {
  type: "object",
  properties: {
    name: { type: "string", default: "none", description: "What it is called." },
    size: { type: "integer" },
    share: { type: "number" },
    on: { type: "boolean" },
    list: { type: "array", items: { type: "string" } },
    deep: { type: "object", properties: { own: { type: "string" }, "a.b/c": { type: "integer" } } },
    map: { type: "object", additionalProperties: { type: "integer" } },
  },
};
const SCHEMAS = {
  "account_config.open": { type: "object", additionalProperties: true },
  "account_config.keys": KEYS,
  "system_config.keys": {
    ...KEYS,
    properties: { ...KEYS.properties, hidden: { type: "string", default: "secret" } },
  },
  "system_config.inner": { type: "object", properties: { hidden: { type: "string", default: "secret" } } },
};

let opened: TestApp;
let admin: string;
let summit: string;
let acme: string;
beforeAll(async () => {
  opened = await TestApp.open(SCHEMAS, { access: TOKEN_ACCESS });
  admin = await tokenFor({ superadmin: true });
  summit = await tokenFor({ account_id: "summit" });
  acme = await tokenFor({ account_id: "acme" });
});
afterAll(() => opened.close());

const ask = (path: string, body: unknown, headers: Record<string, string>) =>
  askFlags(opened.app, path, body, headers);
const flag = (key: string, body: unknown = {}, token = acme) =>
  ask(`/${encodeURIComponent(key)}`, body, { authorization: `Bearer ${token}` });
const bulk = (body: unknown = {}, headers: Record<string, string> = {}, query = "", token = acme) =>
  ask(query, body, { authorization: `Bearer ${token}`, ...headers });
const forAccount = (targetingKey: unknown) => ({ context: { targetingKey } });

async function patch(account: string | undefined, config: string, values: unknown, more = {}) {
  const [name, type] = account === undefined ? ["patchSystemConfig", "System"] : ["patchConfig", ""];
  const input = { configId: config, patch: values, ...(account && { accountId: account }), ...more };
  const query = `mutation ($input: Patch${type}ConfigInput!) { done: ${name}(input: $input) { __typename } }`;
  const answer = await opened.client.post(
    { query, variables: { input } },
    { authorization: `Bearer ${admin}` },
  );
  expect(answer.data).toEqual({ done: { __typename: "ConfigWritten" } });
}

describe("a flag", () => {
  beforeAll(async () => {
    await patch(undefined, "keys", { size: 3, share: 0.5, hidden: "of the system" });
    await patch("summit", "keys", { on: true, list: ["a", "b"], map: { x: 1 } });
    await patch("acme", "keys", { name: "own", map: { y: 2 }, deep: { "a.b/c": 5 } });
  });

  test.each([
    ["keys:name", "own", "TARGETING_MATCH", "account", "acme"],
    ["keys:on", true, "TARGETING_MATCH", "reseller", undefined],
    ["keys:list", ["a", "b"], "TARGETING_MATCH", "reseller", undefined],
    ["keys:size", 3, "STATIC", "system", undefined],
    ["keys:share", 0.5, "STATIC", "system", undefined],
    ["keys:map.x", 1, "TARGETING_MATCH", "reseller", undefined],
    ["keys:map", { x: 1, y: 2 }, "TARGETING_MATCH", "account", "acme"],
    ["keys:/deep/a.b~1c", 5, "TARGETING_MATCH", "account", "acme"],
    ["keys:/name", "own", "TARGETING_MATCH", "account", "acme"],
  ])("%s has its value, its type, and where it comes from", async (key, value, reason, variant, account) => {
    const { status, body } = await flag(key);
    expect([status, body]).toEqual([
      200,
      {
        key,
        value,
        reason,
        variant,
        metadata: {
          layer: variant.toUpperCase(),
          etag: expect.any(String),
          ...(account !== undefined && { account, revision: expect.any(Number) }),
        },
      },
    ]);
  });

  test("of the schema's own default is static", async () => {
    const { body } = await flag("keys:name", forAccount("summit"), summit);
    expect(body).toMatchObject({ value: "none", reason: "STATIC", variant: "schema" });
  });

  test("of a whole config is an object of all values that the account sees", async () => {
    const { body } = await flag("keys");
    expect(body.value).toEqual({
      name: "own",
      size: 3,
      share: 0.5,
      on: true,
      list: ["a", "b"],
      map: { x: 1, y: 2 },
      deep: { "a.b/c": 5 },
    });
    expect((await flag("open")).body).toMatchObject({ key: "open", value: {}, reason: "STATIC" });
  });

  test("that is declared and that no layer has leaves the value to the caller", async () => {
    const { status, body } = await flag("keys:deep.own");
    expect([status, body]).toEqual([
      200,
      { key: "keys:deep.own", reason: "DEFAULT", metadata: { etag: expect.any(String) } },
    ]);
  });

  test("whose key comes unencoded is the same", async () => {
    const headers = { authorization: `Bearer ${acme}` };
    expect((await ask("/keys:/deep/a.b~1c", {}, headers)).body).toMatchObject({ value: 5 });
  });

  test.each([
    "keys:nope",
    "keys:name.inner",
    "keys:list.0",
    "keys:hidden",
    "inner",
    "inner:hidden",
    "nope",
    "nope:name",
    "open:anything",
    "keys:",
    "keys:/~2",
    "system",
    "",
    "keys:constructor",
    "keys:__proto__",
  ])("that is not there for an account is not found: %s", async (key) => {
    const { status, body } = await flag(key);
    expect([status, body]).toEqual([
      404,
      { key, errorCode: "FLAG_NOT_FOUND", errorDetails: expect.any(String) },
    ]);
  });

  test("is not found under a key of any length", async () => {
    const key = `keys:${"x".repeat(3_000)}`;
    expect(await flag(key)).toMatchObject({ status: 404, body: { key, errorCode: "FLAG_NOT_FOUND" } });
  });

  test("tells of a reseller's account and revision only who may see it", async () => {
    const { body } = await flag("keys:on", forAccount("acme"), summit);
    expect(body.metadata).toMatchObject({
      layer: "RESELLER",
      account: "summit",
      revision: expect.any(Number),
    });
    expect((await flag("keys:size", forAccount("acme"), summit)).body.metadata).not.toHaveProperty(
      "revision",
    );
    expect((await flag("keys:size", forAccount("acme"), admin)).body.metadata).toHaveProperty("revision");
  });

  test("says what a constraint or a pin holds", async () => {
    await patch("globex", "keys", { on: true }, { pin: ["/on"] });
    const constrain = `mutation ($input: ConstrainConfigInput!) { done: constrainConfig(input: $input) { __typename } }`;
    const input = {
      accountId: "summit",
      configId: "keys",
      set: [{ pointer: "/size", kind: "LOCK", reason: "It is the same for all." }],
    };
    const headers = { authorization: `Bearer ${admin}` };
    const answer = await opened.client.post({ query: constrain, variables: { input } }, headers);
    expect(answer.data).toEqual({ done: { __typename: "ConfigWritten" } });
    const globex = await tokenFor({ account_id: "globex" });
    expect((await flag("keys:on", {}, globex)).body.metadata).toMatchObject({ pinned: true });
    expect((await flag("keys:size", {}, globex)).body.metadata).toMatchObject({ constrained: true });
    expect((await flag("keys:on", {}, globex)).body.metadata).not.toHaveProperty("constrained");
  });
});

describe("all flags of an account", () => {
  test("are each what they are alone", async () => {
    const { flags } = (await bulk()).body;
    expect(flags.map(({ key }: FlagAnswer) => key).sort()).toEqual([
      "keys:/deep/a.b~1c",
      "keys:deep.own",
      "keys:list",
      "keys:map",
      "keys:map.x",
      "keys:map.y",
      "keys:name",
      "keys:on",
      "keys:share",
      "keys:size",
    ]);
    for (const one of flags) expect((await flag(one.key)).body).toEqual(one);
  });

  test("are those of the configs that are named", async () => {
    await patch("acme", "open", { "": { x: 1 }, y: 2 });
    const keysOf = async (query: string) =>
      (await bulk({}, {}, query)).body.flags.map(({ key }: FlagAnswer) => key);
    expect(await keysOf("?configs=open")).toEqual(["open://x", "open:y"]);
    expect(await keysOf("?configs=open,open")).toHaveLength(2);
    expect(await keysOf("?configs=open,keys")).toEqual(await keysOf("?configs=open&configs=keys"));
    expect(await keysOf("?configs=")).toEqual(await keysOf(""));
    for (const query of ["?configs=nope", "?configs=inner", "?configs=open,nope", "?configs=a%20b"]) {
      const { status, body } = await bulk({}, {}, query);
      expect([status, Object.keys(body)]).toEqual([400, ["errorCode", "errorDetails"]]);
    }
  });

  test("are not sent again while nothing has changed", async () => {
    const first = await bulk();
    const tag = String(first.headers.etag);
    expect(tag).toMatch(/^"[\w-]{27}"$/);
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, "*"]) {
      const again = await bulk({}, { "if-none-match": known });
      expect([again.status, again.text, again.headers.etag]).toEqual([304, "", tag]);
    }
    expect((await bulk({}, { "if-none-match": '"other"' })).status).toBe(200);
    // What the account does not see changes nothing for it.
    await patch(undefined, "keys", { hidden: "another" });
    expect((await bulk({}, { "if-none-match": tag })).status).toBe(304);
    await patch(undefined, "keys", { share: 0.75 });
    const changed = await bulk({}, { "if-none-match": tag });
    expect([changed.status, changed.headers.etag === tag]).toEqual([200, false]);
    expect((await bulk({}, {}, "?configs=open")).headers.etag).not.toBe(changed.headers.etag);
    const others = await bulk(
      forAccount("acme"),
      { "if-none-match": String(changed.headers.etag) },
      "",
      summit,
    );
    expect(others.status).toBe(200);
  });
});

describe("the account of a context", () => {
  test("is the token's own where none is named, and whatever else is said is ignored", async () => {
    for (const body of [undefined, {}, { context: {} }, { context: null }, forAccount(""), forAccount(null)])
      expect((await flag("keys:name", body)).body.value).toBe("own");
    const body = { context: { targetingKey: "acme-berlin", accountId: "acme", country: "de" }, more: 1 };
    expect((await flag("keys:name", body)).body).toMatchObject({ variant: "schema" });
  });

  test("has to be named where the token is of none", async () => {
    for (const { status, body } of [await flag("keys:name", {}, admin), await bulk({}, {}, "", admin)])
      expect([status, body.errorCode]).toEqual([400, "TARGETING_KEY_MISSING"]);
  });

  test("is absent where the caller may not see it", async () => {
    const answers = [];
    for (const id of ["summit", "globex", "nobody", "system", "no id", 5, {}]) {
      answers.push(await flag("keys:name", forAccount(id)), await flag("nope:name", forAccount(id)));
      const { status, body } = await bulk(forAccount(id));
      expect([status, { key: "keys:name", ...body }]).toEqual([400, answers[0]?.body]);
    }
    for (const { status, body } of answers)
      expect([status, { ...body, key: "keys:name" }]).toEqual([
        400,
        { key: "keys:name", errorCode: "INVALID_CONTEXT", errorDetails: answers[0]?.body.errorDetails },
      ]);
  });
});

describe("a request that cannot be answered", () => {
  test.each([
    ["no JSON", "{", {}, 400, "PARSE_ERROR"],
    ["a list", "[]", {}, 400, "PARSE_ERROR"],
    ["a text", '"x"', {}, 400, "PARSE_ERROR"],
    ["bytes that are no UTF-8", Buffer.from([0x22, 0xff, 0x22]), {}, 400, "PARSE_ERROR"],
    ["another type", "{}", { "content-type": "application/xml" }, 415, "PARSE_ERROR"],
    ["a context that is none", '{"context": 5}', {}, 400, "INVALID_CONTEXT"],
    ["a context that is a list", '{"context": []}', {}, 400, "INVALID_CONTEXT"],
  ])("is refused: %s", async (_what, payload, headers, status, errorCode) => {
    const authorization = `Bearer ${acme}`;
    for (const path of ["", "/keys:name"]) {
      const answer = await ask(path, payload, { authorization, ...headers });
      expect([answer.status, answer.body]).toEqual([
        status,
        { ...(path && { key: "keys:name" }), errorCode, errorDetails: expect.any(String) },
      ]);
    }
  });

  test("is refused for its size", async () => {
    const { status, body } = await flag("keys:name", forAccount("x".repeat(2 ** 20)));
    expect([status, body.key, body.errorDetails]).toEqual([
      413,
      "keys:name",
      expect.stringContaining("1 MiB"),
    ]);
  });
});

test("there is nothing else under the protocol", async () => {
  const headers = { host: "strata.example" };
  for (const url of ["/ofrep/v1", "/ofrep/v1/configuration", "/ofrep/v2/evaluate/flags"])
    expect((await opened.app.inject({ url, headers })).statusCode).toBe(404);
});

describe("a token", () => {
  test.each(["x-api-key", "x-auth-token", "authorization"])("comes in %s", async (header) => {
    const value = header === "authorization" ? `Bearer ${acme}` : acme;
    expect((await ask("/keys:name", {}, { [header]: value })).body.value).toBe("own");
  });

  test("is asked for before anything else", async () => {
    const bad = await tokenFor({ account_id: "acme" }, "another secret of at least 32 bytes");
    const refused = [
      [{}, "Bearer"],
      [{ "x-api-key": "" }, "Bearer"],
      [{ "x-api-key": "nonsense" }, 'Bearer error="invalid_token"'],
      [{ "x-api-key": bad }, 'Bearer error="invalid_token"'],
      [{ "x-api-key": acme, authorization: `Bearer ${summit}` }, 'Bearer error="invalid_token"'],
      [{ "x-api-key": acme, "x-auth-token": summit }, 'Bearer error="invalid_token"'],
    ] as const;
    for (const [headers, challenge] of refused) {
      for (const [path, body] of [["/keys:name", {}] as const, ["", "{"] as const, ["/nope", "{"] as const]) {
        const answer = await ask(path, body, headers);
        expect([answer.status, answer.body.errorCode, answer.headers["www-authenticate"]]).toEqual([
          401,
          "GENERAL",
          challenge,
        ]);
      }
    }
  });

  test("that may not read is told so", async () => {
    const { status, body } = await flag("keys:name", {}, await tokenFor({ account_id: "acme", scope: "" }));
    expect([status, body.errorCode]).toEqual([403, "GENERAL"]);
  });

  test("is no token of X-API-Key elsewhere", async () => {
    const url = "/v2/accounts/acme/configs/keys";
    const answer = await opened.app.inject({ url, headers: { host: "strata.example", "x-api-key": acme } });
    expect(answer.statusCode).toBe(401);
  });
});

test("the line of a request says who asked for what, and no value", async () => {
  const before = opened.log.length;
  await flag("keys:name", { context: { targetingKey: "acme", secret: "sesame" } });
  const lines = opened.log.slice(before).map((line) => JSON.parse(line));
  expect(lines.filter(({ msg }) => msg === "request")).toMatchObject([
    {
      route: "/ofrep/v1/evaluate/flags/*",
      account: "acme",
      config: "keys",
      outcomes: ["ok"],
      storeCalls: expect.any(Number),
    },
  ]);
  expect(lines.join()).not.toContain("sesame");
});
