import { parse } from "graphql";
import { beforeAll, describe, expect, test } from "vitest";
import { createGraphqlSchema } from "../../../src/graphql/api/schema.js";
import { checkOperation } from "../../../src/graphql/server/query/operation-check.js";
import { PreparedQueries } from "../../../src/graphql/server/query/prepared-queries.js";

const CONFIG = `config(accountId: "a", configId: "c")`;
const aliases = (count: number) =>
  Array.from({ length: count }, (_, n) => `a${n}: ${CONFIG} { id }`).join(" ");
/** Each fragment has the next one twice, under two names. */
const multiplying = (levels: number) =>
  Array.from(
    { length: levels },
    (_, n) => `fragment F${n} on Account { a: parent { ...F${n + 1} } b: parent { ...F${n + 1} } }`,
  ).join(" ");

let schema: Awaited<ReturnType<typeof createGraphqlSchema>>;
beforeAll(async () => {
  schema = await createGraphqlSchema();
});

/** The operation of a query after it was executed so many times. */
function executed(query: string, times: number, variables = {}, name?: string) {
  const queries = new PreparedQueries(schema, 2);
  for (let time = 0; time < times; time++) {
    const prepared = queries.prepare(query);
    queries.keep(prepared, parse(query));
    const operation = queries.operation(prepared, name);
    if (operation === undefined) throw new Error("no operation");
    checkOperation(schema, operation, variables);
    queries.executed(operation);
  }
  return queries.operation(queries.prepare(query), name);
}

describe("a prepared query", () => {
  test.each([
    ["one config", `{ ${CONFIG} { id } }`, true],
    ["100 of them", `{ ${aliases(100)} }`, true],
    ["more than can be compiled at once", `{ ${aliases(130)} }`, false],
    [
      "fragments that multiply",
      `{ account(id: "a") { ...F0 } } ${multiplying(8)} fragment F8 on Account { id }`,
      false,
    ],
    ["a subscription", `subscription { configChanged(accountId: "a") { cursor } }`, true],
    ["a mutation", `mutation { deleteAccount(input: { id: "a" }) { deletedAccountId } }`, false],
    ["one of two operations", `query A { ${CONFIG} { id } } query B { ${CONFIG} { etag } }`, true, "B"],
  ])(
    "is compiled when it is executed often, where that is possible: %s",
    (_, query, isCompiled, name?: string) => {
      expect(executed(query, 1, {}, name)?.plan ?? undefined).toBeUndefined();
      expect(Boolean(executed(query, 2, {}, name)?.plan)).toBe(isCompiled);
    },
  );

  test("whose price depends on its variables is never compiled", () => {
    const query = "query ($first: Int!) { accounts(first: $first) { totalCount } }";
    expect(executed(query, 5, { first: 1 })?.plan).toBeUndefined();
  });

  test("that is not known to be valid has no operations, and is not kept", () => {
    const queries = new PreparedQueries(schema);
    const prepared = queries.prepare("{ nothing }");
    expect(queries.operation(prepared)).toBeUndefined();
    expect(queries.prepare("{ nothing }")).not.toBe(prepared);
  });

  test("keeps each price, and each plan, to its own operation", () => {
    const query = `query A { ${CONFIG} { id } } query B { ${aliases(20)} }`;
    const queries = new PreparedQueries(schema, 1);
    const prepared = queries.prepare(query);
    queries.keep(prepared, parse(query));
    const [a, b] = ["A", "B"].map((name) => queries.operation(prepared, name));
    if (!a || !b) throw new Error("no operation");
    expect(checkOperation(schema, b, {}).cost).toBeGreaterThan(checkOperation(schema, a, {}).cost);
    queries.executed(a);
    expect([Boolean(a.plan), b.plan]).toEqual([true, undefined]);
    expect(queries.operation(prepared, "C")).toBeUndefined();
    expect(queries.operation(prepared)).toBeUndefined();
  });
});
