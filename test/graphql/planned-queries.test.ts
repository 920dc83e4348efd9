import { getOperationAST, parse } from "graphql";
import { describe, expect, test } from "vitest";
import { PlannedQueries } from "../../src/graphql/planned-queries.js";
import { createGraphqlSchema } from "../../src/graphql/schema.js";

const CONFIG = `config(accountId: "a", configId: "c")`;
const aliases = (count: number) =>
  Array.from({ length: count }, (_, n) => `a${n}: ${CONFIG} { id }`).join(" ");
/** Each fragment has the next one twice, under two names. */
const multiplying = (levels: number) =>
  Array.from(
    { length: levels },
    (_, n) => `fragment F${n} on Account { a: parent { ...F${n + 1} } b: parent { ...F${n + 1} } }`,
  ).join(" ");

describe("queries that come again", () => {
  test.each([
    ["one config", `{ ${CONFIG} { id } }`, true],
    ["100 of them", `{ ${aliases(100)} }`, true],
    ["more than is planned within a turn", `{ ${aliases(130)} }`, false],
    [
      "fragments that multiply",
      `{ account(id: "a") { ...F0 } } ${multiplying(12)} fragment F12 on Account { id }`,
      false,
    ],
  ])("%s", async (_, query, isPlanned) => {
    const schema = await createGraphqlSchema();
    const document = parse(query);
    const operation = getOperationAST(document);
    if (!operation) throw new Error("no operation");
    const planned = new PlannedQueries(2);
    const cost = { cost: 1, itemCosts: new Map(), isConstant: true };
    const checked = { schema, document, operation, cost, label: "query config", isKept: true };
    planned.learn(query, undefined, checked);
    expect(planned.find({ query })).toBeUndefined();
    planned.learn(query, undefined, checked);
    expect(planned.find({ query }) !== undefined).toBe(isPlanned);
    // Whatever is not as clients send it goes the whole way.
    for (const body of [
      { query, extensions: {} },
      { query, variables: [] },
      { query, operationName: 1 },
      [query],
    ])
      expect(planned.find(body)).toBeUndefined();
  });
});
