import assert from "node:assert/strict";
import { type Attack, bodyOf, type Expected, graphql, query, rest } from "./attack.js";
import { CANARIES } from "./canaries.js";
import type { Answer } from "./exchange.js";

const SET = `mutation ($input: SetConfigInput!) { setConfig(input: $input) { __typename ... on ConfigInvalid { problems { pointer keyword } } } }`;
const OPEN = "/accounts/acme/configs/open";
const REFUSED = { code: "BAD_USER_INPUT" };

/** JSON text goes in as it is: `JSON.stringify` would spell it otherwise. */
const asVariable = (values: string) =>
  graphql(
    `{"query": ${JSON.stringify(SET)}, "variables": {"input": {"accountId": "acme", "configId": "open", "values": ${values}}}}`,
  );
const asLiteral = (values: string) =>
  query(
    `mutation { setConfig(input: { accountId: "acme", configId: "open", values: ${values} }) { __typename } }`,
  );
const unpolluted = (): void => assert.equal(({} as Record<string, unknown>).polluted, undefined);

type Refusal = Pick<Expected, "pointer" | "limit">;

/** Refused in a variable, by PUT, POST and PATCH, each with the place or the limit. */
function refused(name: string, values: string, refusal: Refusal, restStatus = 400): Attack[] {
  const body = `{"data":${values}}`;
  const all = { ...refusal, also: unpolluted };
  return [
    {
      name: `${name}, in a variable`,
      send: asVariable(values),
      expected: { status: 200, ...REFUSED, ...all },
    },
    ...["PUT", "PATCH"].map((method) => ({
      name: `${name}, by ${method}`,
      send: rest(method, OPEN, body),
      expected: { status: restStatus, code: `REST ${restStatus}`, ...all },
    })),
  ];
}

const literal = (name: string, values: string, expected: Expected): Attack => ({
  name: `${name}, as a literal`,
  send: asLiteral(values),
  expected,
});

const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
const many = (count: number): string =>
  JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 1])));

const KEYS: readonly Attack[] = ["__proto__", "constructor", "prototype"].flatMap((key) => [
  ...refused(key, `{"${key}": {"polluted": 1}}`, { pointer: `/${key}` }),
  ...refused(`${key} at depth 3`, `{"a": {"b": [{"${key}": {"polluted": 1}}]}}`, {
    pointer: `/a/b/0/${key}`,
  }),
  literal(key, `{ ${key}: { polluted: 1 } }`, {
    status: 200,
    ...REFUSED,
    pointer: `/${key}`,
    also: unpolluted,
  }),
  literal(`${key} at depth 3`, `{ a: { b: [{ ${key}: { polluted: 1 } }] } }`, {
    status: 200,
    ...REFUSED,
    pointer: `/a/b/0/${key}`,
    also: unpolluted,
  }),
]);

const VALUES: readonly Attack[] = [
  ...refused("1e400", '{"a": {"b": 1e400}}', { pointer: "/a/b" }),
  ...refused("-1e999 in an array", '{"a": [-1e999]}', { pointer: "/a/0" }),
  ...refused("2^53", '{"a": 9007199254740992}', { pointer: "/a" }),
  ...refused("-(2^53 + 1)", '{"a": [1, -9007199254740993]}', { pointer: "/a/1" }),
  ...refused("a lone surrogate", '{"a": "\\ud800"}', { pointer: "/a" }),
  ...refused("a lone surrogate in a key", '{"\\udc00": 1}', {}),
  ...refused("NUL", '{"a": "x\\u0000y"}', { pointer: "/a" }),
  ...refused("NUL in a key", '{"b": {"x\\u0000": 1}}', {}),
  ...[65, 4_000, 40_000].flatMap((depth) => refused(`${depth} levels`, nested(depth), { limit: "depth" })),
  ...refused("arrays 65 deep", `{"a": ${"[".repeat(64)}${"]".repeat(64)}}`, { limit: "depth" }),
  ...refused("500,000 brackets", `{"a": ${"[".repeat(250_000)}${"]".repeat(250_000)}}`, { limit: "depth" }),
  ...refused("10,001 fields", many(10_001), { limit: "fields" }),
  ...refused("a key of 10,000 characters", JSON.stringify({ ["k".repeat(10_000)]: 1 }), { limit: "pointer" }),
  ...refused(
    "a document of 257 KiB",
    JSON.stringify({ a: "x".repeat(257 * 1024) }),
    { limit: "document" },
    413,
  ),
  literal("1e400", "{ a: 1e400 }", { status: 200, ...REFUSED, pointer: "/a" }),
  literal("1e-400", "{ a: 1e-400 }", { status: 200, ...REFUSED, pointer: "/a" }),
  literal("2^53", "{ a: 9007199254740992 }", { status: 200, ...REFUSED, pointer: "/a" }),
  literal("NUL", '{ a: "\\u0000" }', { status: 200, ...REFUSED, pointer: "/a" }),
  literal("65 levels", `${"{a:".repeat(65)}1${"}".repeat(65)}`, { status: 200, ...REFUSED, limit: "depth" }),
  literal("40,000 levels", `${"{a:".repeat(40_000)}1${"}".repeat(40_000)}`, {
    status: 400,
    code: "QUERY_TOO_COMPLEX",
    limit: "depth",
  }),
  literal("10,001 fields", many(10_001).replaceAll('"', ""), {
    status: 400,
    code: "QUERY_TOO_COMPLEX",
    limit: "tokens",
  }),
  ...["1e-400", `0.${"0".repeat(400)}1`, `0.${"0".repeat(298)}1e-99`].flatMap((number) => [
    {
      name: `${number.slice(0, 8)} (${number.length}), which would become 0, in a variable`,
      send: asVariable(`{"a": ${number}}`),
      expected: { status: 400, ...REFUSED },
    },
    {
      name: `${number.slice(0, 8)} (${number.length}), which would become 0, by PUT`,
      send: rest("PUT", OPEN, `{"data":{"a": ${number}}}`),
      expected: { status: 400 },
    },
  ]),
  ...[
    ["numbers", "1", 500_000],
    ["empty objects", "{}", 340_000],
    ["objects", '{"a":1}', 130_000],
  ].map(([name, item, count]) => ({
    name: `an array of ${count} ${name}`,
    send: rest("PATCH", OPEN, `{"data":{"a":[${Array(Number(count)).fill(item).join()}]}}`),
    expected: { status: 413, limit: "document" },
  })),
  ...['"x"', "[]", "1", "true", "null"].map((data) => ({
    name: `data that is ${data}`,
    send: rest("PATCH", OPEN, `{"data":${data}}`),
    expected: { status: 400 },
  })),
];

/** Odd, but JSON: it comes back as it went in. */
const ODD = `{"":1,"10":2,"2":3,"nfc":"\\u00e9","nfd":"e\\u0301","bidi":"a\u202eb\u2066c","zero":"a\u200bb\ufeff","max":9007199254740991,"tiny":5e-324,"list":[null,[null],{"a":null}],"empty":{},"none":[],"astral":"\ud835\udcb3","k${"x".repeat(1_000)}":{"a~/b":"\\u001b[31m\\r\\n"},"deep":${nested(63)}}`;

/** Key by key: equal text for equal values, the order of integer keys aside. */
function comesBack({ text }: Answer): void {
  const { id: _, ...data } = (JSON.parse(text) as { data: Record<string, unknown> }).data;
  assert.deepEqual(data, JSON.parse(ODD));
  for (const [key, value] of Object.entries(JSON.parse(ODD) as Record<string, unknown>))
    assert.ok(text.includes(`${JSON.stringify(key)}:${JSON.stringify(value)}`), key);
}

const DATA: readonly Attack[] = [
  {
    name: "odd JSON is stored",
    send: rest("PUT", "/accounts/acme/configs/c", `{"data":${ODD}}`),
    expected: { status: 201, also: comesBack },
  },
  {
    name: "and comes back byte for byte",
    send: rest("GET", "/accounts/acme/configs/c"),
    expected: { status: 200, also: comesBack },
  },
  {
    name: "keys in another order make no other etag",
    send: rest(
      "PUT",
      "/accounts/acme/configs/c",
      JSON.stringify({ data: Object.fromEntries(Object.entries(JSON.parse(ODD)).reverse()) }),
    ),
    expected: {
      status: 201,
      also: async (answer, server) =>
        assert.equal(
          answer.headers.etag,
          (await rest("GET", "/accounts/acme/configs/c")(server)).headers.etag,
        ),
    },
  },
  {
    name: "10,000 fields are taken",
    send: rest("PUT", "/accounts/acme/configs/c", `{"data":${many(10_000)}}`),
    expected: { status: 201 },
  },
  { name: "and put back", send: rest("DELETE", "/accounts/acme/configs/c"), expected: { status: 200 } },
  {
    name: "a secret in the wrong place",
    send: rest(
      "PATCH",
      "/accounts/acme/configs/strict",
      JSON.stringify({ data: { n: "x", [CANARIES.sent.slice(0, 6)]: 1 } }),
    ),
    expected: { status: 400, code: "REST 400" },
  },
  {
    name: "what was refused is not stored",
    send: query(
      '{ config(accountId: "acme", configId: "open") { value(at: "/list") field(at: "/a") { pointer } } }',
    ),
    expected: {
      status: 200,
      also: (answer) => assert.deepEqual(bodyOf(answer).data, { config: { value: [1, 2], field: null } }),
    },
  },
];

/** Twins, marks of direction and of no width, and other places in disguise. */
const IDS = [
  "acm\u00e9",
  "acme\u0301",
  "ac\u202eme",
  "ac\u200bme",
  "\ufeffacme",
  "\u0430cme",
  "acme\u0000",
  "acme\r\nX: y",
  "\u001b[31m",
  "acme/../summit",
  "acme%2f..",
  "..",
  ".",
  "system",
  "",
  " acme",
  "x".repeat(65),
  "a*",
  "acme\n",
];
const REFUSED_IDS: readonly Attack[] = IDS.flatMap((id) => [
  {
    name: `the account ${JSON.stringify(id)}`,
    send: query("query ($id: ID!) { account(id: $id) { id } }", { id }),
    expected: { status: 200, ...REFUSED },
  },
  {
    name: `the config ${JSON.stringify(id)}`,
    send: query('query ($id: ID!) { config(accountId: "acme", configId: $id) { id } }', { id }),
    expected: { status: 200, ...REFUSED },
  },
]);
const REST_IDS: readonly Attack[] = [
  "%C3%A4",
  "%E2%80%AE",
  "a%CC%81",
  "a%00",
  "a%0d%0ab",
  "%2561cme",
  "acme%2F..%2Fsummit",
  "acme%5c",
  "x".repeat(65),
  "system",
  "a%20b",
  "%00",
].map((id) => ({
  name: `the path's account ${id.slice(0, 20)}`,
  send: rest("GET", `/accounts/${id}/configs/open`),
  expected: { status: 400, code: "REST 400" },
}));

export const JSON_ATTACKS: readonly Attack[] = [...KEYS, ...VALUES, ...DATA, ...REFUSED_IDS, ...REST_IDS];
