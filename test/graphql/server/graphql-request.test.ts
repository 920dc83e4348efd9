import { expect, test } from "vitest";
import { graphqlRequestIn, queryTextIn } from "../../../src/graphql/server/graphql-request.js";

const query = "{ __typename }";

test.each([
  { query, extensions: {} },
  { query, variables: [] },
  { query, variables: "{}" },
  { query, operationName: 1 },
  { query: 1 },
  {},
  [query],
  query,
  null,
  undefined,
])("a body of another shape is left to Apollo Server: %j", (body) => {
  expect(graphqlRequestIn(body)).toBeUndefined();
});

test("null stands for an operation name or variables that are left out", () => {
  const plain = { query, operationName: undefined, variables: {} };
  expect(graphqlRequestIn({ query })).toEqual(plain);
  expect(graphqlRequestIn({ query, operationName: null, variables: null })).toEqual(plain);
});

test("the query's text is found where Apollo Server looks for it, and nowhere else", () => {
  expect(queryTextIn({ query, extensions: {} }, "")).toBe(query);
  expect(queryTextIn({ query: 1 }, "")).toBeUndefined();
  expect(queryTextIn(null, "")).toBeUndefined();
  expect(queryTextIn(undefined, "?query=%7Ba%7D")).toBe("{a}");
  expect(queryTextIn(undefined, "?query=a&query=b")).toBeUndefined();
});
