import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GraphqlAnswer } from "../graphql-client.js";
import {
  ConfigDocument,
  PatchConfigDocument,
  ResetConfigDocument,
  SetConfigDocument,
  SystemConfigDocument,
} from "../operations.generated.js";
import { TestApp } from "../test-app.js";

/** Planted in values, where it must not come back from. */
const SECRET = "hunter2";
const SET = `mutation ($input: SetConfigInput!) {
  setConfig(input: $input) { __typename ... on ConfigInvalid { problems { pointer keyword message } } }
}`;
const OPEN = { type: "object", additionalProperties: true };

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.open({
    "account_config.open": OPEN,
    "account_config.strict": {
      properties: { n: { type: "integer" }, o: { properties: { m: { type: "string" } } } },
      additionalProperties: false,
    },
    "system_config.strict": { properties: { n: {}, o: {}, s: { type: "string" } } },
  });
  for (const configId of ["open", "strict"]) {
    await app.client.run(SetConfigDocument, { input: { accountId: "acme", configId, values: { n: 1 } } });
  }
});
afterAll(() => app.close());

/** Everything that the cases could have changed. */
async function stored(): Promise<unknown> {
  const { client } = app;
  return Promise.all([
    client.run(ConfigDocument, { accountId: "acme", configId: "open" }),
    client.run(ConfigDocument, { accountId: "acme", configId: "strict" }),
    client.run(SystemConfigDocument, { configId: "strict" }),
  ]);
}

/** After whatever was sent: nothing was written, nothing secret came back or was logged, and the process lives. */
async function withoutHarm<T>(send: () => Promise<GraphqlAnswer<T>>): Promise<GraphqlAnswer<T>> {
  const before = await stored();
  const logged = app.log.length;
  const answer = await send();
  expect(answer.status).toBeLessThan(500);
  expect(answer.text).not.toContain(SECRET);
  expect(app.log.slice(logged).join("")).not.toContain(SECRET);
  expect(await stored()).toEqual(before);
  const live = await app.app.inject({ url: "/health/live", headers: { host: "127.0.0.1" } });
  expect(live.statusCode).toBe(200);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  return answer;
}

/** Puts JSON text in where variables cannot carry it: `JSON.stringify` would spell it otherwise. */
const withValues = (values: string, configId = "open") =>
  `{"query": ${JSON.stringify(SET)}, "variables": {"input": {"accountId": "acme", "configId": "${configId}", "values": ${values}}}}`;
const inline = (values: string) =>
  `mutation { setConfig(input: { accountId: "acme", configId: "open", values: ${values} }) { __typename } }`;
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
const nestedInline = (depth: number) => `${"{a:".repeat(depth)}1${"}".repeat(depth)}`;
const many = (count: number) =>
  JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i])));

describe("JSON that is refused, with its pointer or the limit it passes", () => {
  test.each<[string, string, Record<string, string>]>([
    ["__proto__", '{"__proto__": {"polluted": 1}}', { pointer: "/__proto__" }],
    [
      "__proto__ at depth 3",
      '{"a": {"b": [{"__proto__": {"polluted": 1}}]}}',
      { pointer: "/a/b/0/__proto__" },
    ],
    ["constructor", '{"constructor": {"prototype": {"polluted": 1}}}', { pointer: "/constructor" }],
    ["prototype below", '{"a": {"prototype": 1}}', { pointer: "/a/prototype" }],
    ["2^53 + 1", '{"a": 9007199254740993}', { pointer: "/a" }],
    ["-(2^53 + 1) in an array", '{"a": [1, -9007199254740993]}', { pointer: "/a/1" }],
    ["1e400", '{"a": {"b": 1e400}}', { pointer: "/a/b" }],
    ["a lone surrogate in a value", '{"a": "\\ud800"}', { pointer: "/a" }],
    ["a lone surrogate in a key", '{"\\udc00": 1}', {}],
    ["NUL in a value", '{"a": "x\\u0000y"}', { pointer: "/a" }],
    ["NUL in a key", '{"x\\u0000": 1}', {}],
    ["depth 65", nested(65), { limit: "depth" }],
    ["depth 4,000", nested(4_000), { limit: "depth" }],
    ["depth 40,000", nested(40_000), { limit: "depth" }],
    ["arrays 65 deep", `{"a": ${"[".repeat(64)}${"]".repeat(64)}}`, { limit: "depth" }],
    ["10,001 fields", many(10_001), { limit: "fields" }],
    ["257 KiB", JSON.stringify({ a: "x".repeat(257 * 1024) }), { limit: "document" }],
    ["a key of 10,000 characters", JSON.stringify({ ["k".repeat(10_000)]: 1 }), { limit: "pointer" }],
  ])("%s", async (_, values, extensions) => {
    const answer = await withoutHarm(() => app.client.send(withValues(values)));
    expect(answer.status).toBe(200);
    expect(answer.data).toEqual({ setConfig: null });
    expect(answer.errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", ...extensions } }]);
  });

  test.each<[string, string, Record<string, string>]>([
    ["__proto__", "{ __proto__: { polluted: 1 } }", { code: "BAD_USER_INPUT", pointer: "/__proto__" }],
    [
      "__proto__ at depth 3",
      "{ a: { b: [{ __proto__: { polluted: 1 } }] } }",
      { code: "BAD_USER_INPUT", pointer: "/a/b/0/__proto__" },
    ],
    ["2^53 + 1", "{ a: 9007199254740993 }", { code: "BAD_USER_INPUT", pointer: "/a" }],
    ["1e400", "{ a: 1e400 }", { code: "BAD_USER_INPUT", pointer: "/a" }],
    ["1e-400, which would become 0", "{ a: 1e-400 }", { code: "BAD_USER_INPUT", pointer: "/a" }],
    ["NUL", '{ a: "\\u0000" }', { code: "BAD_USER_INPUT", pointer: "/a" }],
    ["a lone surrogate", '{ a: "\\ud800" }', { code: "GRAPHQL_PARSE_FAILED" }],
    ["a name without quotes", "{ a: hunter2 }", { code: "GRAPHQL_VALIDATION_FAILED" }],
    ["depth 65", nestedInline(65), { code: "BAD_USER_INPUT", limit: "depth" }],
    ["depth 4,000", nestedInline(4_000), { code: "QUERY_TOO_COMPLEX", limit: "depth" }],
    ["depth 40,000", nestedInline(40_000), { code: "QUERY_TOO_COMPLEX", limit: "depth" }],
    ["lists 40,000 deep", `{ a: ${"[".repeat(40_000)}${"]".repeat(40_000)} }`, { limit: "depth" }],
    ["brackets behind a comment", `{ a: #\r${"[".repeat(3_000)}`, { limit: "depth" }],
    ["10,001 fields", many(10_001).replaceAll('"', ""), { code: "QUERY_TOO_COMPLEX", limit: "tokens" }],
    ["257 KiB", `{ a: "${"x".repeat(257 * 1024)}" }`, { code: "QUERY_TOO_COMPLEX", limit: "characters" }],
  ])("%s as an inline literal", async (_, values, extensions) => {
    const answer = await withoutHarm(() => app.client.post({ query: inline(values) }));
    expect(answer.data ?? { setConfig: null }).toEqual({ setConfig: null });
    expect(answer.errors).toMatchObject([{ extensions }]);
  });

  test("a bracket in a string or a comment is no bracket", async () => {
    const query = `{ account(id: "acme") { name # ${"{[(".repeat(200)}
      config(configId: "open") { value(at: "/${"[{(".repeat(100)}") } } }`;
    const { data } = await app.client.post({ query });
    expect(data).toEqual({ account: { name: "Acme Industries", config: { value: null } } });
  });

  test("odd but sound JSON is stored as it is", async () => {
    const odd = await TestApp.forTest({ "account_config.open": OPEN });
    const values = {
      "": 1,
      "10": 2,
      "2": 3,
      nfc: "é",
      nfd: "e\u0301",
      bidi: "a\u202eb",
      zero: "a\u200bb",
      max: 9_007_199_254_740_991,
      tiny: 5e-324,
      list: [null, [null], { a: null }],
      empty: {},
      none: [],
      astral: "𝒳",
      deep: JSON.parse(nested(63)),
    };
    const { setConfig } = await odd.client.run(SetConfigDocument, {
      input: { accountId: "acme", configId: "open", values },
    });
    expect(setConfig).toMatchObject({ __typename: "ConfigWritten", document: values });
    const { config } = await odd.client.run(ConfigDocument, { accountId: "acme", configId: "open" });
    expect(config?.values).toEqual(values);
  });
});

describe("values that the schema refuses are ConfigInvalid, never quoted", () => {
  test.each<[string, unknown, [pointer: string, keyword: string][]]>([
    ["a wrong type", { n: SECRET }, [["/n", "type"]]],
    ["an unknown setting", { x: SECRET }, [["/x", "unknown"]]],
    ["a system-wide setting", { s: SECRET }, [["/s", "systemOnly"]]],
    ["a nested wrong type", { o: { m: [SECRET] } }, [["/o/m", "type"]]],
    [
      "a private key",
      { _a: SECRET, pvt_b: SECRET },
      [
        ["/_a", "unknown"],
        ["/pvt_b", "unknown"],
      ],
    ],
  ])("%s", async (_, values, problems) => {
    const input = { accountId: "acme", configId: "strict" };
    for (const send of [
      () =>
        app.client.ask(SetConfigDocument, { input: { ...input, values: values as Record<string, unknown> } }),
      () =>
        app.client.ask(PatchConfigDocument, {
          input: { ...input, patch: values as Record<string, unknown> },
        }),
    ]) {
      const { data } = await withoutHarm<object>(send);
      const [result] = Object.values(data ?? {}) as { problems?: { pointer: string; keyword: string }[] }[];
      expect(result?.problems?.map(({ pointer, keyword }) => [pointer, keyword])).toEqual(problems);
    }
  });

  test("nulls are no values: they drop a leftover or do nothing", async () => {
    const input = {
      accountId: "acme",
      configId: "strict",
      patch: { x: null, s: null, o: { m: null }, _a: null },
    };
    const { data } = await withoutHarm(() => app.client.ask(PatchConfigDocument, { input }));
    expect(data?.patchConfig).toMatchObject({ __typename: "ConfigWritten", changes: [], revision: null });
  });
});

describe("ids and pointers", () => {
  const IDS = [
    "",
    " ",
    ".",
    "..",
    "system",
    "a/b",
    "a%2Fb",
    "ä",
    "a\u200bb",
    "a\u202eb",
    "a\r\nb",
    "\u001b[31m",
    "x".repeat(65),
  ];

  test.each(IDS)("%j is no id, of an account or a config", async (id) => {
    for (const [accountId, configId] of [
      [id, "open"],
      ["acme", id],
    ] as const) {
      for (const send of [
        () => app.client.ask(ConfigDocument, { accountId, configId }),
        () => app.client.ask(SetConfigDocument, { input: { accountId, configId, values: {} } }),
        () => app.client.ask(ResetConfigDocument, { input: { accountId, configId } }),
      ]) {
        const { errors } = await withoutHarm<unknown>(send);
        expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
      }
    }
  });

  test.each([
    ["nobody", "open", "ACCOUNT_NOT_FOUND"],
    ["ACME", "open", "ACCOUNT_NOT_FOUND"],
    ["acme", "nothing", "CONFIG_NOT_FOUND"],
    ["acme", "__proto__", "CONFIG_NOT_FOUND"],
    ["__proto__", "open", "ACCOUNT_NOT_FOUND"],
    ["constructor", "open", "ACCOUNT_NOT_FOUND"],
  ])("account %j, config %j: %s", async (accountId, configId, code) => {
    const read = await withoutHarm(() => app.client.ask(ConfigDocument, { accountId, configId }));
    expect(read).toMatchObject({ status: 200, data: { config: null }, errors: [{ extensions: { code } }] });
    const input = { accountId, configId, values: {} };
    const write = await withoutHarm(() => app.client.ask(SetConfigDocument, { input }));
    expect(write).toMatchObject({
      status: 200,
      data: { setConfig: null },
      errors: [{ extensions: { code } }],
    });
  });

  test.each(["n", "/~2", "#/n", `/${"x".repeat(1_024)}`])("reset: %j is no pointer", async (pointer) => {
    const input = { accountId: "acme", configId: "open", pointers: ["/n", pointer] };
    const { errors } = await withoutHarm(() => app.client.ask(ResetConfigDocument, { input }));
    expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
  });

  test.each(["1e-400", "-0.5E-999", `0.${"0".repeat(400)}1`, `0.${"0".repeat(298)}1e-99`])(
    "%s, which would become 0, as a variable",
    async (number) => {
      const answer = await withoutHarm(() =>
        app.client.send(withValues(`{"a": "1e-400", "b": [${number}]}`)),
      );
      expect(answer).toMatchObject({ status: 400, errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
    },
  );

  test("a pointer in a write's own selection is looked at before anything is written", async () => {
    const query = `mutation { patchConfig(input: { accountId: "acme", configId: "open", patch: { n: 77 } }) {
      ... on ConfigWritten { config { fields(under: "n") { pointer } } }
    } }`;
    const answer = await withoutHarm(() => app.client.post({ query }));
    expect(answer).toMatchObject({ status: 400, errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
  });
});

describe("variables that are not what the operation declares", () => {
  const variables = (input: unknown) => ({ query: SET, variables: { input } });
  const sound = { accountId: "acme", configId: "open", values: {} };

  test.each<[string, unknown, RegExp]>([
    ["nothing at all", undefined, /^Variable \$input is required: SetConfigInput!\.$/],
    ["null", null, /^Variable \$input is required/],
    ["text", SECRET, /^Variable \$input is not an object of type SetConfigInput\.$/],
    ["a list", [sound], /^Variable \$input is not an object/],
    ["no values", { accountId: "acme" }, /^Variable \$input\.values is required: JSONObject!\.$/],
    [
      "values that are text",
      { ...sound, values: SECRET },
      /^Variable \$input\.values is not of type JSONObject\.$/,
    ],
    ["values that are a list", { ...sound, values: [SECRET] }, /\$input\.values is not of type JSONObject/],
    [
      "an id that is an object",
      { ...sound, accountId: { a: SECRET } },
      /\$input\.accountId is not of type ID/,
    ],
    ["an id that is a boolean", { ...sound, accountId: true }, /\$input\.accountId is not of type ID/],
    ["an id that is half a number", { ...sound, accountId: 1.5 }, /\$input\.accountId is not of type ID/],
    ["dryRun as text", { ...sound, dryRun: SECRET }, /\$input\.dryRun is not of type Boolean/],
    ["dryRun null", { ...sound, dryRun: null }, /\$input\.dryRun is required: Boolean!/],
    ["a misspelt member", { ...sound, ifmatch: SECRET }, /does not know: ifmatch\.$/],
    [
      "a member whose name is a value",
      { ...sound, [`${SECRET} `]: 1 },
      /has a member that SetConfigInput does not know\.$/,
    ],
    [
      "__proto__ as a member",
      JSON.parse(`{"accountId": "acme", "values": {}, "__proto__": {}}`),
      /does not know/,
    ],
  ])("%s", async (_, input, message) => {
    const answer = await withoutHarm(() => app.client.post(variables(input)));
    expect(answer.status).toBe(400);
    expect(answer.data).toBeUndefined();
    expect(answer.errors).toHaveLength(1);
    expect(answer.errors?.[0]).toMatchObject({
      message: expect.stringMatching(message),
      extensions: { code: "BAD_USER_INPUT" },
    });
  });

  test("a list in which one item does not fit is told by its place", async () => {
    const query = "query ($c: [ID!]) { account(id: 1) { configs(configIds: $c) { id } } }";
    const { status, errors } = await withoutHarm(() =>
      app.client.post({ query, variables: { c: ["a", { b: SECRET }] } }),
    );
    expect([status, errors?.[0]?.message]).toEqual([400, "Variable $c[1] is not of type ID."]);
  });

  test("one item stands for a list of one, and a number for an id", async () => {
    const query = 'query ($c: [ID!]) { account(id: "acme") { configs(configIds: $c) { id } } }';
    const { data } = await app.client.post({ query, variables: { c: "open" } });
    expect(data).toEqual({ account: { configs: [{ id: "acme/open" }] } });
    const numbered = await app.client.post({
      query: "query ($i: ID!) { account(id: $i) { id } }",
      variables: { i: 5 },
    });
    expect(numbered.data).toEqual({ account: null });
  });

  test.each([15_000, 300_000])("%i wrong items in one list are one error", async (count) => {
    const query = "query ($c: [ID!]) { account(id: 1) { configs(configIds: $c) { id } } }";
    const c = Array.from({ length: count }, () => ({}));
    const answer = await withoutHarm(() => app.client.post({ query, variables: { c } }));
    expect(answer.status).toBe(400);
    expect(answer.errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", limit: "items" } }]);
  });

  test("60,000 unknown members are one error", async () => {
    const input = Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`k${i}`, 1]));
    const answer = await withoutHarm(() => app.client.post(variables(input)));
    expect(answer).toMatchObject({ status: 400, errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
    expect(answer.errors).toHaveLength(1);
  });
});

describe("GraphQL that is refused, without a word of the values in it", () => {
  test.each<[string, string, string]>([
    [
      "text where an enum is asked for",
      `{ config(accountId: "a") { fields(sources: ["${SECRET}"]) { pointer } } }`,
      "GRAPHQL_VALIDATION_FAILED",
    ],
    [
      "an enum value that is none",
      `{ config(accountId: "a") { fields(sources: [${SECRET}]) { pointer } } }`,
      "GRAPHQL_VALIDATION_FAILED",
    ],
    [
      "an object where an id is asked for",
      `{ config(accountId: { a: "${SECRET}" }) { id } }`,
      "GRAPHQL_VALIDATION_FAILED",
    ],
    [
      "text where a boolean is asked for",
      `mutation { setConfig(input: { accountId: "a", values: {}, dryRun: "${SECRET}" }) { __typename } }`,
      "GRAPHQL_VALIDATION_FAILED",
    ],
    [
      "text where an object is asked for",
      `mutation { setConfig(input: { accountId: "a", values: "${SECRET}" }) { __typename } }`,
      "GRAPHQL_VALIDATION_FAILED",
    ],
    [
      "text where an input is asked for",
      `mutation { setConfig(input: "${SECRET}") { __typename } }`,
      "GRAPHQL_VALIDATION_FAILED",
    ],
    [
      "a number where a pointer is asked for",
      `{ config(accountId: "a") { value(at: ["${SECRET}"]) } }`,
      "GRAPHQL_VALIDATION_FAILED",
    ],
    ["text in the wrong place", `{ config(accountId "${SECRET}") { id } }`, "GRAPHQL_PARSE_FAILED"],
    ["block text in the wrong place", `{ config """${SECRET}""" }`, "GRAPHQL_PARSE_FAILED"],
    ["text that does not end", `{ config(accountId: "${SECRET}`, "GRAPHQL_PARSE_FAILED"],
    [
      "a default of the wrong kind",
      `query ($b: Boolean = "${SECRET}") { __typename @include(if: $b) }`,
      "GRAPHQL_VALIDATION_FAILED",
    ],
  ])("%s", async (_, query, code) => {
    const answer = await withoutHarm(() => app.client.post({ query }));
    expect(answer.status).toBe(400);
    expect(answer.errors?.[0]?.extensions.code).toBe(code);
  });

  test.each([
    ["an argument", 'query ($v: ID) { config(accountId: "acme", configId: $v) { id } }', "open"],
    [
      "one with a default of its own",
      'query ($v: ID = "open") { config(accountId: "acme", configId: $v) { id } }',
      "open",
    ],
    ["a directive", "query ($v: Boolean = true) { __typename @include(if: $v) }", true],
    [
      "a member of an input",
      'mutation ($v: Boolean) { patchConfig(input: { accountId: "acme", configId: "open", patch: {}, dryRun: $v }) { __typename } }',
      true,
    ],
  ])(
    "null for %s that takes none is refused, whoever asks first, and nothing else is",
    async (_, query, v) => {
      const refused = { status: 400, errors: [{ extensions: { code: "BAD_USER_INPUT" } }] };
      for (const text of [query, `${query} `]) {
        for (const value of text === query ? [null, v, null] : [v, v, v, v, null, v]) {
          const answer = await withoutHarm(() => app.client.post({ query: text, variables: { v: value } }));
          expect(answer).toMatchObject(value === null ? refused : { status: 200 });
          if (value !== null) expect(answer.errors).toBeUndefined();
        }
      }
    },
  );

  test("an operation that is not there", async () => {
    const answer = await withoutHarm(() =>
      app.client.post({ query: "query A { __typename }", operationName: SECRET }),
    );
    expect(answer).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: "OPERATION_RESOLUTION_FAILURE" } }],
    });
  });

  test("a subscription without a transport that streams", async () => {
    const answer = await withoutHarm(() =>
      app.client.post({ query: 'subscription { configChanged(accountId: "acme") { cursor } }' }),
    );
    expect(answer).toMatchObject({ status: 400, errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
  });

  test("a misspelt field is told with what may have been meant", async () => {
    const { status, errors } = await app.client.post({ query: '{ acount(id: "acme") { id } }' });
    expect([status, errors?.[0]?.message]).toEqual([400, expect.stringContaining('Did you mean "account"')]);
  });

  test("validation ends after 10 errors", async () => {
    const query = `{ ${Array.from({ length: 1_000 }, (_, i) => `f${i}`).join(" ")} }`;
    const { status, errors } = await withoutHarm(() => app.client.post({ query }));
    expect([status, errors?.length]).toEqual([400, 10]);
  });
});
