import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type Attack, asking, bodyOf, graphql, query, rest, times } from "./attack.js";
import { CANARIES } from "./canaries.js";
import type { Answer } from "./exchange.js";

const tooComplex = (limit: string) => ({ status: 400, code: "QUERY_TOO_COMPLEX", limit });
const INVALID = { status: 400, code: "GRAPHQL_VALIDATION_FAILED" };
const UNREADABLE = { status: 400, code: "GRAPHQL_PARSE_FAILED" };
const BAD_REQUEST = { status: 400, code: "BAD_REQUEST" };
const BAD_INPUT = { status: 400, code: "BAD_USER_INPUT" };

const atMostTen = (answer: Answer): void =>
  assert.ok((bodyOf(answer).errors?.length ?? 0) <= 10, answer.text);
const noHint = ({ text }: Answer): void => assert.doesNotMatch(text, /did you mean/i);

const chain = (length: number, spread: (next: string) => string): string =>
  `{ account(id: "acme") { ...F0 } } ${times(length, (i) => `fragment F${i} on Account { ${spread(`...F${i + 1}`)} }`)} fragment F${length} on Account { id }`;
const doubling = (next: string): string => `a: parent { ${next} } b: parent { ${next} }`;
const EXPENSIVE =
  "configs { fields { pointer value source { kind } contributions { layer { kind account { id } } value } } }";
const one = (name: string, text: string, expected: Attack["expected"]): Attack => ({
  name,
  send: query(text),
  expected,
});
const some = (name: string, text: string, variables: unknown, expected: Attack["expected"]): Attack => ({
  name,
  send: query(text, variables),
  expected,
});

const BOMBS: readonly Attack[] = [
  one("one field 10,000 times", `{ ${times(10_000, () => "__typename")} }`, tooComplex("repeats")),
  one("one field 3,000 times", `{ ${times(3_000, () => "__typename")} }`, tooComplex("repeats")),
  one(
    "16 aliases of an expensive field",
    `{ ${times(16, (i) => `a${i}: account(id: "acme") { ${EXPENSIVE} }`)} }`,
    tooComplex("cost"),
  ),
  one(
    "150 aliases of an expensive field",
    `{ ${times(150, (i) => `a${i}: account(id: "acme") { ${EXPENSIVE} }`)} }`,
    tooComplex("tokens"),
  ),
  one(
    "1,000 aliases of a field",
    `{ ${times(1_000, (i) => `a${i}: account(id: "acme") { id }`)} }`,
    tooComplex("tokens"),
  ),
  one("10,000 aliases", `{ ${times(10_000, (i) => `a${i}: __typename`)} }`, tooComplex("tokens")),
  one(
    "100 levels of selections",
    `{ account(id: "acme") ${"{ parent ".repeat(100)} { id } ${"}".repeat(100)} }`,
    tooComplex("depth"),
  ),
  one("4,000 open brackets", `{ config(accountId: ${"[".repeat(4_000)}`, tooComplex("depth")),
  one("40,000 open braces", "{a".repeat(40_000), tooComplex("depth")),
  one("brackets that a string seems to hide", `{ a(b: "\\"", c: ${"[".repeat(200)}`, tooComplex("depth")),
  one("brackets behind a comment's end", `{ a #\r${"{a".repeat(200)}`, tooComplex("depth")),
  one("fragments that double 12 times", chain(12, doubling), tooComplex("cost")),
  one("fragments that double 30 times", chain(30, doubling), { status: 400 }),
  one(
    "a chain of 1,000 fragments",
    chain(1_000, (next) => next),
    tooComplex("repeats"),
  ),
  one(
    "300 fragments of one field",
    `{ ${times(300, (i) => `...F${i}`)} } ${times(300, (i) => `fragment F${i} on Query { __typename }`)}`,
    tooComplex("repeats"),
  ),
  one("a cycle of fragments", "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", INVALID),
  one("a fragment in itself", "{ ...A } fragment A on Query { __typename ...A }", INVALID),
  one("a cycle that no operation enters", "{ __typename } fragment A on Query { ...A }", INVALID),
  one(
    "a cycle of 150 fragments",
    `{ ...F0 } ${times(150, (i) => `fragment F${i} on Query { ...F${(i + 1) % 150} }`)}`,
    INVALID,
  ),
  one("1,900 directives that nobody knows", `{ __typename ${times(1_900, (i) => `@d${i}`)} }`, {
    ...INVALID,
    also: atMostTen,
  }),
  one("500 directives on one field", `{ __typename ${times(500, () => "@skip(if: false)")} }`, {
    ...INVALID,
    also: atMostTen,
  }),
  one("1,000 fields that are not there", `{ ${times(1_000, (i) => `f${i}`)} }`, {
    ...INVALID,
    also: atMostTen,
  }),
  one(
    "1,300 arguments that are not there",
    `{ account(id: "a" ${times(1_300, (i) => `a${i}: 1`)}) { id } }`,
    { ...INVALID, also: atMostTen },
  ),
  one("600 variables that nobody uses", `query (${times(600, (i) => `$v${i}: Int`)}) { __typename }`, {
    ...INVALID,
    also: atMostTen,
  }),
  one(
    "500 operations",
    times(500, (i) => `query Q${i} { __typename }`),
    { status: 400 },
  ),
  one("100 introspections", `{ ${times(100, (i) => `a${i}: __schema { types { name } }`)} }`, {
    status: 400,
    also: atMostTen,
  }),
  one("300 KiB of query", `{ a(b: "${"x".repeat(300 * 1024)}") }`, tooComplex("characters")),
  one("200 KiB of comments", `${"#\n".repeat(100 * 1024)}{ __typename }`, { status: 200 }),
  one("a string of 200 KiB of quotes", `{ a(b: """${'\\"""'.repeat(50_000)}""") }`, INVALID),
  one(
    "a number of 100,000 digits",
    `{ config(accountId: "acme") { fields(under: ${"9".repeat(100_000)}) { pointer } } }`,
    INVALID,
  ),
  one(
    "1,000 writes at once",
    `mutation { ${times(1_000, (i) => `a${i}: resetConfig(input: { accountId: "acme" }) { __typename }`)} }`,
    tooComplex("tokens"),
  ),
  {
    name: "a page of a list of 10,000 configs",
    send: query('query ($c: [ID!]) { account(id: "acme") { configs(configIds: $c) { id } } }', {
      c: Array(10_000).fill("open"),
    }),
    expected: tooComplex("cost"),
  },
];

const VARIABLES: readonly Attack[] = [
  some(
    "15,000 coercion errors in one variable",
    "query ($c: [ID!]) { account(id: 1) { configs(configIds: $c) { id } } }",
    { c: Array(15_000).fill({}) },
    { ...BAD_INPUT, limit: "items", also: atMostTen },
  ),
  some(
    "9,000 coercion errors in one variable",
    "query ($c: [ID!]) { account(id: 1) { configs(configIds: $c) { id } } }",
    { c: Array(9_000).fill({ a: CANARIES.sent }) },
    { ...BAD_INPUT, also: atMostTen },
  ),
  some(
    "60,000 members that an input does not know",
    "mutation ($i: ResetConfigInput!) { resetConfig(input: $i) { __typename } }",
    { i: Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`k${i}`, 1])) },
    { ...BAD_INPUT, also: atMostTen },
  ),
  some(
    "lists within lists",
    "query ($c: [ID!]) { account(id: 1) { configs(configIds: $c) { id } } }",
    { c: JSON.parse(`${"[".repeat(3_000)}${"]".repeat(3_000)}`) },
    BAD_INPUT,
  ),
  some("a variable that is missing", "query ($id: ID!) { account(id: $id) { id } }", {}, BAD_INPUT),
  some(
    "__proto__ as the name of a variable",
    "query ($__proto__: ID) { account(id: $__proto__) { id } }",
    JSON.parse('{"__proto__":{"id":"acme"}}'),
    { status: 400 },
  ),
  some(
    "an id that is an object",
    "query ($id: ID!) { account(id: $id) { id } }",
    { id: { $ne: CANARIES.sent } },
    BAD_INPUT,
  ),
  some("an id that is a list", "query ($id: ID!) { account(id: $id) { id } }", { id: ["acme"] }, BAD_INPUT),
  some(
    "an enum's name that is a secret",
    'query ($s: [LayerKind!]) { config(accountId: "acme") { fields(sources: $s) { pointer } } }',
    { s: [CANARIES.sent] },
    BAD_INPUT,
  ),
  some(
    "a type that is not there",
    "query ($a: Acount!) { account(id: $a) { id } }",
    {},
    { ...INVALID, also: noHint },
  ),
];

const sha = createHash("sha256").update("{ __typename }").digest("hex");
const persisted = (hash: string, text?: string) =>
  graphql({ query: text, extensions: { persistedQuery: { version: 1, sha256Hash: hash } } });

/** Tries the same many times, and answers with the last. */
const flood =
  (count: number, make: (i: number) => Attack["send"]): Attack["send"] =>
  async (server) => {
    let last: Answer | undefined;
    for (let i = 0; i < count; i++) last = await make(i)(server);
    return last as Answer;
  };

const SHAPES: readonly Attack[] = [
  ...["1", "null", "true", "[]", "{}", '{"kind":"Document","definitions":[]}', '""'].map((text) => ({
    name: `the query ${text}`,
    send: graphql(`{"query":${text}}`),
    expected: BAD_REQUEST,
  })),
  ...['"{}"', "1", "[]", '"x"'].map((text) => ({
    name: `the variables ${text}`,
    send: graphql(`{"query":"{__typename}","variables":${text}}`),
    expected: BAD_REQUEST,
  })),
  ...["1", "[]", "{}"].map((text) => ({
    name: `the operation name ${text}`,
    send: graphql(`{"query":"{__typename}","operationName":${text}}`),
    expected: BAD_REQUEST,
  })),
  ...["__proto__", "constructor", CANARIES.sent, "x".repeat(100_000), "\u0000", "a\r\nb"].map((name) => ({
    name: `an operation called ${JSON.stringify(name.slice(0, 20))}`,
    send: graphql({ query: "query A { __typename }", operationName: name }),
    expected: { status: 400, code: "OPERATION_RESOLUTION_FAILURE" },
  })),
  {
    name: "extensions that are text",
    send: graphql('{"query":"{__typename}","extensions":"x"}'),
    expected: BAD_REQUEST,
  },
  {
    name: "a persisted query that nobody has",
    send: persisted(sha),
    expected: { status: 200, code: "PERSISTED_QUERY_NOT_FOUND" },
  },
  { name: "a persisted query to be kept", send: persisted(sha, "{ __typename }"), expected: { status: 200 } },
  {
    name: "200 persisted queries to be kept",
    send: flood(200, (i) =>
      persisted(createHash("sha256").update(`{a${i}:__typename}`).digest("hex"), `{a${i}:__typename}`),
    ),
    expected: { status: 200 },
  },
  {
    name: "200 persisted queries that nobody has",
    send: flood(200, (i) => persisted(String(i).padStart(64, "0"))),
    expected: { status: 200, code: "PERSISTED_QUERY_NOT_FOUND" },
  },
  {
    name: "400 subscriptions, each to a field of another long name",
    send: async (server) => {
      // The numbers change, and what Node says of itself.
      const series = async () =>
        [...(await server.ask({ path: "/metrics" })).text.matchAll(/^(strata_.*) \S+$/gm)].map(
          ([, name]) => name,
        );
      const subscribe = (i: number) => query(`subscription{made_up_${i}${"x".repeat(20_000)}}`)(server);
      await subscribe(0);
      await series();
      const before = await series();
      for (let i = 1; i < 400; i++) await subscribe(i);
      assert.deepEqual(await series(), before, "a caller adds to what is counted");
      return subscribe(400);
    },
    expected: { status: 400, code: "GRAPHQL_VALIDATION_FAILED" },
  },
  {
    name: "a subscription",
    send: query("subscription { configChanged { cursor } }"),
    expected: { status: 400 },
  },
  {
    name: "an answer in parts",
    send: graphql(
      { query: "{ ... @defer { __typename } }" },
      { Accept: "multipart/mixed, application/graphql-response+json" },
    ),
    expected: INVALID,
  },
  {
    name: "an answer in a language that is not spoken",
    send: graphql({ query: "{ __typename }" }, { Accept: "text/html" }),
    expected: { status: 406 },
  },
];

const CURIOUS: readonly Attack[] = [
  ...[
    "{ __schema { types { name } } }",
    '{ __type(name: "Account") { fields { name } } }',
    "{ ... { ... { __schema { queryType { name } } } } }",
  ].map((text) => ({
    name: `introspection: ${text}`,
    send: query(text),
    expected: {
      ...INVALID,
      also: async (answer: Answer, server: Parameters<Attack["send"]>[0]) => {
        const body = JSON.stringify({ query: text });
        const nobody = await server.ask({
          method: "POST",
          path: "/graphql",
          headers: { "Content-Type": "application/json" },
          body,
        });
        assert.deepEqual([nobody.status, nobody.text], [answer.status, answer.text]);
        const legacy = await graphql({ query: text }, { Accept: "application/json" })(server);
        assert.deepEqual([legacy.status, legacy.text], [answer.status, answer.text]);
      },
    },
  })),
  ...[
    "{ viewr { subject } }",
    '{ acount(id: "acme") { id } }',
    '{ account(ids: "acme") { id } }',
    '{ config(accountId: "acme") { fields(sources: [ACOUNT]) { pointer } } }',
    "{ ...F } fragment F on Acount { id }",
    '{ account(id: "acme") { nam } }',
    "mutation { resetConfig(input: { acountId: 1 }) { __typename } }",
    "{ __typename @skp(if: true) }",
  ].map((text) => one(`misspelt: ${text}`, text, { ...INVALID, also: noHint })),
  ...['""', '"/__proto__"', '"/constructor/name"', '"/note/length"', '"/list/0"', '"/toString"'].map(
    (pointer) =>
      one(
        `the value at ${pointer}`,
        `{ config(accountId: "acme", configId: "strict") { value(at: ${pointer}) } }`,
        {
          status: 200,
          also: ({ text }: Answer) =>
            assert.match(text, /\{"data":\{"config":\{"value":(null|\{"n":1\})\}\}\}/),
        },
      ),
  ),
  {
    name: "a query by GET as deep as a bomb",
    send: asking({
      path: `/graphql?query=${"%7Ba".repeat(200)}`,
      headers: { "Apollo-Require-Preflight": "1" },
    }),
    expected: tooComplex("depth"),
  },
  one("text that does not end", `{ config(accountId: "${CANARIES.sent}`, UNREADABLE),
  one("text in the wrong place", `{ config(accountId "${CANARIES.sent}") { id } }`, UNREADABLE),
  one("a lone surrogate", '{ config(accountId: "\\ud800") { id } }', UNREADABLE),
  one("NUL in the query", "{ __typename\u0000 }", UNREADABLE),
];

const MANY = Object.fromEntries(Array.from({ length: 9_900 }, (_, i) => [`k${i}`, "some text"]));
const BIG = "/accounts/acme/configs/c";
const TOO_LARGE = { status: 200, code: "QUERY_TOO_COMPLEX", limit: "response" };

/** Cheap to ask for, dear to answer: only what is stored can tell. */
const ANSWERS: readonly Attack[] = [
  {
    name: "9,900 fields are stored",
    send: rest("PUT", BIG, JSON.stringify({ data: MANY })),
    expected: { status: 201 },
  },
  one(
    "52 things that are not there, of each of 9,900 fields",
    `{ config(accountId: "acme", configId: "c") { fields { ${times(52, (i) => `a${i}: title`)} } } }`,
    TOO_LARGE,
  ),
  one(
    "an answer of a hundred megabytes",
    `{ config(accountId: "acme", configId: "c") { ${times(500, (i) => `a${i}: values`)} } }`,
    TOO_LARGE,
  ),
  { name: "and put back", send: rest("DELETE", BIG), expected: { status: 200 } },
];

export const GRAPHQL_ATTACKS: readonly Attack[] = [...ANSWERS, ...BOMBS, ...VARIABLES, ...SHAPES, ...CURIOUS];
