import fc from "fast-check";
import { type GraphQLSchema, getOperationAST, parse, validate } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGraphqlSchema } from "../../../src/graphql/api/schema.js";
import { costOf, type OperationCost } from "../../../src/graphql/server/price/operation-cost.js";
import { QUERY_LIMITS } from "../../../src/graphql/server/query/query-limits.js";
import { times } from "../../attack/attack.js";
import { cases, SEED } from "../../cases.js";
import { TestApp } from "../test-app.js";

const WHOLE = `id etag values
  fields { pointer value title description schema
    source { kind account { id name } revision updatedAt updatedBy }
    contributions { layer { kind account { id name } revision updatedAt updatedBy } pointer value } }`;

let schema: GraphQLSchema;
let app: TestApp;
beforeAll(async () => {
  schema = await createGraphqlSchema();
  app = await TestApp.open();
});
afterAll(() => app.close());

function priceOf(query: string, variables: Record<string, unknown> = {}): OperationCost {
  const document = parse(query);
  expect(validate(schema, document)).toEqual([]);
  const operation = getOperationAST(document);
  if (!operation) throw new Error("no operation");
  return costOf(schema, document, operation, variables);
}

function costs(query: string, variables: Record<string, unknown> = {}): number {
  return priceOf(query, variables).cost;
}

describe("the price of an operation", () => {
  const config = (selection: string) => `config(accountId: "acme") { ${selection} }`;

  test("is the same under an alias, in fragments, and behind a directive that includes", () => {
    const plain = costs(`{ ${config(WHOLE)} }`);
    expect(costs(`{ mine: ${config(WHOLE)} }`)).toBe(plain);
    expect(costs(`{ ${config("...F")} } fragment F on EffectiveConfig { ${WHOLE} }`)).toBe(plain);
    expect(costs(`{ ${config(`... on EffectiveConfig { ... { ${WHOLE} } }`)} }`)).toBe(plain);
    expect(
      costs(`query ($on: Boolean!) { ${config(`... @include(if: $on) { ${WHOLE} }`)} }`, { on: true }),
    ).toBe(plain);
    expect(costs(`query ($on: Boolean = true) { ${config(`... @include(if: $on) { ${WHOLE} }`)} }`)).toBe(
      plain,
    );
    expect(
      costs(`{ ${config(`${WHOLE} ...F`)} } fragment F on EffectiveConfig { fields { pointer } id }`),
    ).toBe(plain);
  });

  test("counts aliases of a field one by one", () => {
    const one = costs(`{ ${config(WHOLE)} }`);
    expect(costs(`{ ${times(7, (i) => `a${i}: ${config(WHOLE)}`)} }`)).toBe(7 * one);
  });

  test("is nothing for what a directive leaves out", () => {
    const id = costs(`{ ${config("id")} }`);
    expect(costs(`{ ${config(`id ... @include(if: false) { ${WHOLE} }`)} }`)).toBe(id);
    expect(costs(`{ ${config(`id fields @skip(if: true) { pointer }`)} }`)).toBe(id);
    expect(
      costs(
        `query ($no: Boolean!) { ${config(`id ...F @skip(if: $no)`)} } fragment F on EffectiveConfig { ${WHOLE} }`,
        { no: true },
      ),
    ).toBe(id);
  });

  test("follows the size of a page and of a list, given as text or as a variable", () => {
    const page = (first: string) =>
      `accounts(first: ${first}) { nodes { name ${config("id").replace('(accountId: "acme")', "")} } }`;
    for (const size of [0, 1, 7, 1_000])
      expect(costs(`query ($n: Int!) { ${page("$n")} }`, { n: size })).toBe(
        costs(`{ ${page(String(size))} }`),
      );
    expect(costs(`query ($n: Int = 7) { ${page("$n")} }`)).toBe(costs(`{ ${page("7")} }`));
    expect(costs(`{ ${page("70")} }`)).toBeGreaterThan(9 * costs(`{ ${page("7")} }`));
    const configs = (ids: string) => `account(id: "acme") { configs(configIds: ${ids}) { id } }`;
    expect(costs(`query ($c: [ID!]) { ${configs("$c")} }`, { c: ["a", "b"] })).toBe(
      costs(`{ ${configs('["a", "b"]')} }`),
    );
  });

  test("of the audit log is that of looking through it, and of its entries", () => {
    const log = (first: number, entry = "actor") =>
      costs(`{ auditLog(first: ${first}) { nodes { ${entry} } } }`);
    expect(log(0)).toBeGreaterThan(100);
    expect(log(1_000) - log(500)).toBe(log(501) - log(1));
    expect(log(500, "actor action")).toBe(log(500) + 500);
    expect(costs("{ auditLog { nodes { actor } } }")).toBe(log(50));
    expect(log(2_000)).toBe(log(1_000));
    expect(costs("query ($n: Int!) { auditLog(first: $n) { nodes { actor } } }", { n: 7 })).toBe(log(7));
  });

  test("of what history tells follows what is asked of each revision and of each field", () => {
    const history = (size: number, of: string) =>
      costs(`{ ${config(`history(first: ${size}) { nodes { ${of} } }`)} }`);
    expect(history(10, "changes { pointer }") - history(10, "revision")).toBeGreaterThan(10 * 20);
    const change = (of: string) => costs(`{ ${config(`fields { lastChange { ${of} } }`)} }`);
    expect(change("actor at revision note")).toBeGreaterThan(change("actor"));
  });

  test("lets whole pages of impacts and of histories through", () => {
    const change = "pointer before after sourceBefore sourceAfter";
    const problem = "pointer keyword message expected source inherited existing";
    const accounts = (page: string) => `total digest counts { outcome count } accounts${page} {
      nodes { account { id name } outcome changes { ${change} } problems { ${problem} } } pageInfo { hasNextPage endCursor } }`;
    const whole = [
      `mutation { updateAccount(input: { id: "acme", parentId: "b", dryRun: true }) { account { id } impact { ${accounts("")} } } }`,
      `mutation { setConfig(input: { accountId: "acme", values: {}, dryRun: true }) {
        ... on ConfigWritten { config { ${WHOLE} } changes { ${change} } document revision impact { ${accounts("(first: 1000)")} } }
        ... on ConfigConflict { current { ${WHOLE} } impact { ${accounts("(first: 1000)")} } } } }`,
      `{ ${config(`history(first: 1000) { nodes { id revision kind actor at note restoredFrom document changes { pointer before after } }
        pageInfo { hasNextPage endCursor } }`)} }`,
    ];
    for (const query of whole) expect(costs(query)).toBeLessThanOrEqual(QUERY_LIMITS.cost);
  });

  test("is that of the dearest of the possible types", () => {
    const write = (selection: string) =>
      costs(`mutation { patchConfig(input: { accountId: "acme", patch: {} }) { ${selection} } }`);
    const written = `... on ConfigWritten { config { ${WHOLE} } }`;
    const dear = write(written);
    expect(write(`${written} ... on ConfigInvalid { message }`)).toBe(dear);
    expect(write(`... on WriteRefused { message } ${written}`)).toBe(dear);
    expect(write(`__typename ${written}`)).toBe(dear + 1);
  });

  test("is constant unless something that counts depends on a variable", () => {
    const constant = (query: string, variables = {}) => priceOf(query, variables).isConstant;
    expect(constant(`query ($a: ID!) { config(accountId: $a) { ${WHOLE} } }`, { a: "x" })).toBe(true);
    const past = `query ($t: DateTime) { config(accountId: "x", asOf: $t) { ${WHOLE} } }`;
    expect(constant(past, { t: "2026-01-01T00:00:00Z" })).toBe(false);
    expect(constant(`query ($p: JSONPointer!) { ${config("value(at: $p)")} }`, { p: "" })).toBe(true);
    expect(constant("query ($n: Int) { accounts(first: $n) { totalCount } }", { n: 1 })).toBe(false);
    expect(constant(`query ($on: Boolean!) { ${config("id @include(if: $on)")} }`, { on: true })).toBe(false);
  });

  test("of a fragment's field is that of the place where most is selected", () => {
    const both =
      priceOf(`{ a: ${config("...F")} b: ${config(`...F fields { a: pointer b: pointer }`)} c: ${config("...F")} }
      fragment F on EffectiveConfig { fields { pointer } }`);
    expect([...both.itemCosts.values()]).toEqual([4]);
  });

  test("does not change when any part of a query moves into a fragment", () => {
    const FIELDS = [
      "id",
      "etag",
      "values",
      "fields { pointer value }",
      "layers { kind }",
      "account { id name }",
    ];
    const part = fc.record({
      field: fc.constantFrom(...FIELDS),
      place: fc.constantFrom("here", "inline", "spread", "both"),
    });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
        const here = parts.map(
          ({ field, place }, i) =>
            ({
              here: field,
              inline: `... { ${field} }`,
              spread: `...F${i}`,
              both: `${field} ...F${i}`,
            })[place],
        );
        const used = parts.flatMap(({ field, place }, i) =>
          place === "spread" || place === "both" ? [`fragment F${i} on EffectiveConfig { ${field} }`] : [],
        );
        const moved = costs(`{ ${config(here.join(" "))} } ${used.join(" ")}`);
        expect(moved).toBe(costs(`{ ${config([...new Set(parts.map(({ field }) => field))].join(" "))} }`));
      }),
      { numRuns: cases(100), seed: SEED },
    );
  });
});

describe("an operation that is too dear", () => {
  const refusal = async (query: string, variables: Record<string, unknown> = {}) => {
    const { status, errors } = await app.client.post({ query, variables });
    expect([status, errors?.length]).toEqual([400, 1]);
    return errors?.[0] as { message: string; extensions: Record<string, unknown> };
  };

  test("is told its cost, the limit, and the dearest field", async () => {
    const query = `query ($n: Int) { viewer { subject } page: accounts(first: $n) { totalCount nodes { name mine: configs { id fields { pointer value } } } } }`;
    const { message, extensions } = await refusal(query, { n: 500 });
    const { cost } = priceOf(query, { n: 500 });
    expect(extensions).toEqual({
      code: "QUERY_TOO_COMPLEX",
      limit: "cost",
      cost,
      maximumCost: QUERY_LIMITS.cost,
      dearestField: "page.nodes.mine",
      dearestCoordinate: "Account.configs",
      dearestCost: 500 * 25 * (20 + 1 + 7 * 3),
    });
    for (const told of [cost, QUERY_LIMITS.cost, "page.nodes.mine", "Account.configs"])
      expect(message).toContain(String(told));
  });

  test("is told the first of many aliases that cost the same", async () => {
    const alias = (i: number) =>
      `a${i}: account(id: "acme") { configs { fields { ${times(20, (j) => `b${j}: value`)} } } }`;
    const { extensions } = await refusal(`{ ${times(20, alias)} }`);
    expect(extensions).toMatchObject({
      dearestField: "a0.configs.fields",
      dearestCoordinate: "EffectiveConfig.fields",
    });
  });

  test("is told a cost at least where fragments multiply each other", async () => {
    const fragments = times(
      12,
      (i) => `fragment F${i} on Account { a: parent { ...F${i + 1} } b: parent { ...F${i + 1} } }`,
    );
    const { message, extensions } = await refusal(
      `{ account(id: "acme") { ...F0 } } ${fragments} fragment F12 on Account { id }`,
    );
    expect(message).toContain("at least");
    expect(extensions).toMatchObject({ limit: "cost", dearestField: "account" });
    expect(extensions.cost).toBeGreaterThan(QUERY_LIMITS.cost);
  });

  test("is refused by its variables even after the same query was executed with others", async () => {
    const query = "query ($n: Int) { accounts(first: $n) { nodes { id configs { id } } } }";
    for (let i = 0; i < 4; i++)
      expect((await app.client.post({ query, variables: { n: 1 } })).errors).toBeUndefined();
    expect((await refusal(query, { n: 1_000 })).extensions.limit).toBe("cost");
  });

  test("tells no value, and no more of its own names than fit in a line", async () => {
    const long = "x".repeat(5_000);
    const { message } = await refusal(
      `query ($s: ID!) { ${long}: accounts(parentId: $s, first: 1000) { nodes { configs { id } } } }`,
      { s: "canary" },
    );
    expect(message).not.toContain("canary");
    expect(message.length).toBeLessThan(600);
  });
});

describe("a dashboard of 50 accounts with 3 configs each is served", () => {
  const ids = Array.from({ length: 50 }, (_, i) => `dash-${i}`);
  const CONFIGS = '["conferences", "callflow", "voicemail"]';
  beforeAll(async () => {
    const create =
      "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } } }";
    for (const id of ids)
      await app.client.post({ query: create, variables: { input: { id, name: id, parentId: "summit" } } });
  });

  const forms: readonly [string, string][] = [
    [
      "as a page",
      `{ accounts(parentId: "summit", first: 50) { nodes { id configs(configIds: ${CONFIGS}) { ${WHOLE} } } } }`,
    ],
    [
      "as aliases",
      `{ ${ids.map((id, i) => `a${i}: account(id: "${id}") { configs(configIds: ${CONFIGS}) { ...W } }`).join(" ")} } fragment W on EffectiveConfig { ${WHOLE} }`,
    ],
  ];
  test.each(forms)("%s, with fields, sources and contributions", async (_, query) => {
    const { status, errors, text } = await app.client.post({ query });
    expect(errors).toBeUndefined();
    expect(status).toBe(200);
    expect(text.match(/"etag"/g)).toHaveLength(150);
    expect(text.match(/"contributions"/g)?.length).toBeGreaterThan(1_000);
  });
});
