import assert from "node:assert/strict";
import { type Attack, bodyOf, type Expected, graphql, query, rest } from "./attack.js";
import { bearer, token } from "./credentials.js";
import type { Answer } from "./exchange.js";

const CONSTRAIN = `mutation ($input: ConstrainConfigInput!) { constrainConfig(input: $input) { __typename
  ... on ConfigWritten { constraints { pointer } } ... on ConfigInvalid { problems { pointer keyword message } } } }`;
const SYSTEM = `mutation ($input: ConstrainSystemConfigInput!) { constrainSystemConfig(input: $input) { __typename } }`;
const PATCH = `mutation ($input: PatchConfigInput!) { patchConfig(input: $input) { __typename
  ... on ConfigWritten { pins } ... on ConfigInvalid { problems { pointer keyword } } } }`;
const REFUSED = { status: 200, code: "BAD_USER_INPUT" };
const WHERE = '"pointer": "/a", "kind": "BOUNDS", "reason": "r"';

/** The reseller of `acme`. */
async function asSummit(claims: object = {}): Promise<Record<string, string>> {
  return { "Content-Type": "application/json", ...bearer(await token({ account_id: "summit", ...claims })) };
}

/** JSON text goes in as it is: `JSON.stringify` would spell numbers otherwise. */
const sending =
  (text: string, input: string, claims?: object): Attack["send"] =>
  async (server) => {
    const body = `{"query": ${JSON.stringify(text)}, "variables": {"input": ${input}}}`;
    return server.ask({ method: "POST", path: "/graphql", headers: await asSummit(claims), body });
  };

/** Constraints that `summit` puts, each as JSON text. */
const constraining = (set: readonly string[], config = "open", rest_ = ""): Attack["send"] =>
  sending(CONSTRAIN, `{"accountId": "summit", "configId": "${config}", "set": [${set.join()}]${rest_}}`);

const bounds = (schema: string, at = "/a") =>
  `{"pointer": ${JSON.stringify(at)}, "kind": "BOUNDS", "reason": "r", "schema": ${schema}}`;
const lock = (at: string, reason = "r") => JSON.stringify({ pointer: at, kind: "LOCK", reason });
const list = (count: number, make: (i: number) => string) => Array.from({ length: count }, (_, i) => make(i));
const wrapped = (levels: number, key = "not") => `${`{"${key}":`.repeat(levels)}{}${"}".repeat(levels)}`;

const unpolluted = (): void => assert.equal(({} as Record<string, unknown>).polluted, undefined);
const refused = (
  name: string,
  set: readonly string[],
  refusal: Omit<Expected, "status" | "code">,
): Attack => ({
  name,
  send: constraining(set),
  expected: { ...REFUSED, also: unpolluted, ...refusal },
});
const schema = (name: string, text: string, at = "", more: Pick<Expected, "limit"> = {}): Attack =>
  refused(`bounds: ${name}`, [bounds(text)], { pointer: `/set/0/schema${at}`, ...more });

const SHAPES: readonly Attack[] = [
  refused("bounds without a schema", [`{${WHERE}}`], { pointer: "/set/0/schema" }),
  refused("bounds with a schema of null", [`{${WHERE}, "schema": null}`], { pointer: "/set/0/schema" }),
  refused("a lock with a schema", ['{"pointer": "/a", "kind": "LOCK", "reason": "r", "schema": {}}'], {
    pointer: "/set/0/schema",
  }),
  ...["", "  ", "x".repeat(501), "a\u0000b", "a\rb\u001b[31m"].map((reason) =>
    refused(`the reason ${JSON.stringify(reason).slice(0, 20)}`, [lock("/a", reason)], {
      pointer: "/set/0/reason",
    }),
  ),
  ...["a", "/~2", "/~", `/${"x".repeat(1_024)}`].map(
    (at): Attack => ({
      name: `the pointer ${at.slice(0, 10)} (${at.length})`,
      send: constraining([lock(at)]),
      expected: { status: 400, code: "BAD_USER_INPUT" },
    }),
  ),
  refused("two at one pointer", [lock("/a"), lock("/b"), bounds("{}")], { pointer: "/set/2/pointer" }),
  refused(
    "201 constraints",
    list(201, (i) => lock(`/k${i}`)),
    { pointer: "/set", limit: "constraints" },
  ),
  refused(
    "10,000 constraints",
    list(10_000, (i) => lock(`/k${i}`)),
    { pointer: "/set", limit: "constraints" },
  ),
  {
    name: "a removal at what is no pointer",
    send: constraining([], "open", ', "remove": ["/a", "b"]'),
    expected: { status: 400, code: "BAD_USER_INPUT" },
  },
];

const SCHEMAS: readonly Attack[] = [
  schema("of 5 KiB", JSON.stringify({ description: "x".repeat(5_120) }), "", { limit: "constraintSchema" }),
  schema("an enum of 100,000", `{"enum": [${list(100_000, String)}]}`, "", { limit: "constraintSchema" }),
  schema("65 deep", wrapped(65), "/not".repeat(64), { limit: "depth" }),
  schema("40,000 deep", wrapped(40_000), "/not".repeat(64), { limit: "depth" }),
  schema("an enum 65 deep", `{"enum": [${wrapped(65, "a")}]}`, `/enum/0${"/a".repeat(62)}`, {
    limit: "depth",
  }),
  ...["$ref", "$dynamicRef", "$recursiveRef"].map((name) =>
    schema(name, `{"properties": {"b": {"${name}": "#"}}}`, `/properties/b/${name}`),
  ),
  schema("a reference to elsewhere", '{"$ref": "http://127.0.0.1:1/x.json"}', "/$ref"),
  ...["__proto__", "constructor", "prototype"].flatMap((name) => [
    schema(name, `{"${name}": {"polluted": 1}}`, `/${name}`),
    schema(`properties of ${name}`, `{"properties": {"${name}": {"polluted": 1}}}`, `/properties/${name}`),
    schema(`an enum with ${name}`, `{"enum": [{"${name}": 1}]}`, `/enum/0/${name}`),
  ]),
  schema("1e400", '{"maximum": 1e400}', "/maximum"),
  schema("2^53", '{"maximum": 9007199254740992}', "/maximum"),
  schema("a lone surrogate", '{"const": "\\ud800"}', "/const"),
  schema("multipleOf 0", '{"multipleOf": 0}', "/multipleOf"),
  schema("a negative length", '{"maxLength": -1}', "/maxLength"),
  schema("no type", '{"type": "strnig"}', "/type"),
  schema("properties that are none", '{"properties": []}', "/properties"),
  schema("a draft that is none", '{"$schema": "http://json-schema.org/draft-99/schema#"}', "/$schema"),
  schema("a backreference", '{"pattern": "(a)\\\\1"}', "/pattern"),
  schema("a look-ahead", '{"pattern": "^(?=a)b"}', "/pattern"),
  schema("a look-behind in a name", '{"patternProperties": {"(?<!a)b": {}}}', "/patternProperties/(?<!a)b"),
  schema("no pattern", '{"pattern": "("}', "/pattern"),
  schema("a million by counts", '{"pattern": "(a{1000}){1000}"}', "", { limit: "constraintPatterns" }),
  schema("counts in a name", '{"patternProperties": {"(a{999}){9}": {}}}', "", {
    limit: "constraintPatterns",
  }),
  refused(
    "patterns that are too many together",
    list(30, (i) => bounds('{"pattern": "(?:ab){50}"}', `/k${i}`)),
    { pointer: "/set", limit: "constraintPatterns" },
  ),
];

const written = ({ text }: Answer): void => assert.match(text, /"ConfigWritten"/);
const problems = (answer: Answer, field: string) =>
  (
    bodyOf(answer).data as Record<string, { problems?: { pointer: string; keyword: string }[] }> | undefined
  )?.[field]?.problems?.map(({ pointer, keyword }) => `${keyword} ${pointer}`);

/** What `summit` insists on in the config `c`, and what `acme` then tries. */
const ODD = [
  bounds('{"type": "string", "pattern": "^(a+)+$"}', "/slow"),
  bounds('{"type": "array", "uniqueItems": true}', "/unique"),
  bounds(`{"items": {"anyOf": [${list(200, (i) => `{"const": ${i}}`)}]}}`, "/steps"),
  bounds('{"properties": {"$ref": {"type": "integer"}, "$id": {}}, "enum": [{"$ref": 1}]}', "/$names"),
  bounds('{"multipleOf": 5e-324}', "/tiny"),
  bounds('{"minimum": -2.2250738585072014e-308, "maximum": 5e-324}', "/edge"),
  bounds('{"multipleOf": 0.1}', "/tenth"),
  bounds('{"required": ["toString", "hasOwnProperty"]}', "/inherited"),
  lock("/"),
  lock("/a~1b~0c"),
  lock("/locked"),
];
const asBound = (name: string, patch: string, problem?: string): Attack => ({
  name: `bound: ${name}`,
  send: graphql(
    `{"query": ${JSON.stringify(PATCH)}, "variables": {"input": {"accountId": "acme", "configId": "c", "patch": ${patch}}}}`,
  ),
  expected: {
    status: 200,
    also: (answer) =>
      problem === undefined
        ? written(answer)
        : assert.deepEqual(problems(answer, "patchConfig"), [problem], answer.text.slice(0, 500)),
  },
});
const pinning = (name: string, pin: readonly string[], config = "open"): Attack["send"] =>
  query(PATCH, { input: { accountId: "acme", configId: config, patch: {}, pin, note: name } });

const BINDING: readonly Attack[] = [
  { name: "odd constraints are put", send: constraining(ODD, "c"), expected: { status: 200, also: written } },
  asBound("a pattern that could take for ever", `{"slow": "${"a".repeat(50_000)}!"}`, "bounds /slow"),
  asBound("a text that it takes", `{"slow": "${"a".repeat(50_000)}"}`),
  asBound(
    "4,000 objects of which two are equal",
    `{"unique": [${list(4_000, (i) => `{"a": ${i}, "b": [${i}]}`)}, {"b": [0], "a": 0}]}`,
    "bounds /unique",
  ),
  asBound("more steps than bounds may take", `{"steps": [${list(20_000, () => "199")}]}`, "bounds /steps"),
  asBound("few steps", '{"steps": [1, 199]}'),
  asBound("a name like a keyword", '{"$names": {"$ref": 1}}'),
  asBound("the same with another value", '{"$names": {"$ref": "#"}}', "bounds /$names/$ref"),
  asBound("multiples of the least double", '{"tiny": 1}'),
  asBound("the least double", '{"edge": 5e-324}'),
  asBound("the least above it", '{"edge": 1e-323}', "bounds /edge"),
  asBound("0.3 as a multiple of 0.1", '{"tenth": 0.3}'),
  asBound("0.30000000000000004, which is none", '{"tenth": 0.30000000000000004}', "bounds /tenth"),
  asBound("names that every object inherits", '{"inherited": {"x": 1}}', "bounds /inherited/x"),
  asBound("the empty name", '{"": {"b": 1}}', "locked //b"),
  asBound("a name with a slash", '{"a/b~c": 1}', "locked /a~1b~0c"),
  asBound("a scalar where a lock is below", '{"inherited": 5}'),
  {
    name: "bound: REST names the reason, and what was sent",
    send: rest("PATCH", "/accounts/acme/configs/c", '{"data":{"locked":1}}'),
    expected: {
      status: 400,
      code: "REST 400",
      also: ({ text }) =>
        assert.match(text, /"locked":\{"locked":\{"message":"is locked by the reseller: r"/),
    },
  },
  {
    name: "bound: a pin of what is locked",
    send: query(PATCH, {
      input: { accountId: "acme", configId: "c", patch: { locked: 1 }, pin: ["/locked"] },
    }),
    expected: { status: 200, code: "BAD_USER_INPUT" },
  },
];

const PINS: readonly Attack[] = [
  ...[
    "/nothing",
    "/list/0",
    "/note/x",
    "/__proto__",
    "/constructor/name",
    "/toString",
    "//",
    "/list/length",
  ].map(
    (at): Attack => ({
      name: `a pin at ${at}`,
      send: pinning(at, [at]),
      expected: { ...REFUSED, also: unpolluted },
    }),
  ),
  ...["list", "/~9"].map(
    (at): Attack => ({
      name: `a pin at ${at}`,
      send: pinning(at, [at]),
      expected: { status: 400, code: "BAD_USER_INPUT" },
    }),
  ),
  {
    name: "50,000 pins",
    send: pinning(
      "many",
      list(50_000, (i) => `/k${i}`),
    ),
    expected: { status: 400, code: "BAD_USER_INPUT", limit: "items" },
  },
  {
    name: "10,000 pins where nothing is",
    send: pinning(
      "nowhere",
      list(10_000, (i) => `/k${i}`),
    ),
    expected: REFUSED,
  },
  {
    name: "10,000 pins at one place",
    send: pinning(
      "one place",
      list(10_000, () => "/list"),
    ),
    expected: {
      status: 200,
      also: (answer) =>
        assert.deepEqual(bodyOf(answer).data, {
          patchConfig: { __typename: "ConfigWritten", pins: ["/list"] },
        }),
    },
  },
];

/** As if it were not there, byte for byte. */
const asAbsent = (text: string, input: object, name: string): Attack => ({
  name,
  send: query(text, { input: { ...input, accountId: "summit" } }),
  expected: {
    status: 200,
    code: "ACCOUNT_NOT_FOUND",
    async also(answer, server) {
      const absent = await query(text, { input: { ...input, accountId: "nobody-there" } })(server);
      assert.equal(answer.text, absent.text);
    },
  },
});
const LOCK_A = { configId: "open", set: [{ pointer: "/a", kind: "LOCK", reason: "r" }] };
const SEEN = `{ config(accountId: "acme", configId: "c") {
  constraints { reason layer { account { id } updatedBy updatedAt revision } } layers { kind updatedBy constraints { pointer } } } }`;

const TENANCY: readonly Attack[] = [
  asAbsent(CONSTRAIN, LOCK_A, "an account constrains its reseller"),
  asAbsent(CONSTRAIN, { configId: "open", remove: ["/locked"] }, "an account lifts its reseller's lock"),
  asAbsent(CONSTRAIN, { ...LOCK_A, dryRun: true }, "an account tries a constraint of its reseller out"),
  {
    name: "a reseller constrains the system level",
    send: sending(SYSTEM, JSON.stringify(LOCK_A)),
    expected: { status: 200, code: "FORBIDDEN" },
  },
  {
    name: "a token that only reads constrains",
    send: sending(CONSTRAIN, JSON.stringify({ accountId: "summit", ...LOCK_A }), { scope: "config:read" }),
    expected: { status: 200, code: "FORBIDDEN" },
  },
  ...["/password", "/no_such_setting", "/__proto__"].map(
    (at): Attack => ({
      name: `a constraint at ${at}, which no account sees`,
      send: constraining([lock(at)], "mail"),
      expected: {
        status: 200,
        also: (answer) => assert.deepEqual(problems(answer, "constrainConfig"), [`unknown ${at}`]),
      },
    }),
  ),
  {
    name: "what an account is told of its reseller's constraints",
    send: query(SEEN),
    expected: {
      status: 200,
      also(answer) {
        const { config } = bodyOf(answer).data as unknown as {
          config: { constraints: { layer: object }[]; layers: { kind: string; updatedBy: string | null }[] };
        };
        assert.equal(config.constraints.length, ODD.length);
        for (const { layer } of config.constraints)
          assert.deepEqual(layer, { account: null, updatedBy: null, updatedAt: null, revision: null });
      },
    },
  },
];

export const CONSTRAINT_ATTACKS: readonly Attack[] = [...SHAPES, ...SCHEMAS, ...BINDING, ...PINS, ...TENANCY];
