import fc from "fast-check";
import { expect, test } from "vitest";
import {
  graphqlRequestIn,
  membersOf,
  searchOf,
  withQueryText,
} from "../../../src/graphql/server/graphql-request.js";
import { queryNameIn } from "../../../src/graphql/server/query/query-name.js";
import { cases, SEED } from "../../cases.js";

const query = "{ __typename }";

test.each([
  { query, extensions: [] },
  { query, extensions: "{}" },
  { query, variables: [] },
  { query, variables: "{}" },
  { query, operationName: 1 },
  { query: 1 },
  { query, more: 1 },
])("a body of another shape is left to Apollo Server: %j", (body) => {
  expect(graphqlRequestIn(body)).toBeUndefined();
});

test("null stands for an operation name, variables or extensions that are left out", () => {
  const plain = { operationName: undefined, variables: {} };
  expect(graphqlRequestIn({ query })).toEqual(plain);
  expect(graphqlRequestIn({ query, operationName: null, variables: null, extensions: null })).toEqual(plain);
  expect(graphqlRequestIn({ query, extensions: { clientLibrary: { name: "@apollo/client" } } })).toEqual(
    plain,
  );
});

test("the query's text is found where Apollo Server looks for it, and nowhere else", () => {
  const textIn = (body: unknown, search = "") => queryNameIn(membersOf(body, search) ?? {}).text;
  expect(textIn({ query, extensions: {} })).toBe(query);
  for (const body of [{ query: 1 }, null, [query], query, undefined]) expect(textIn(body)).toBeUndefined();
  expect(textIn(undefined, "?query=%7Ba%7D")).toBe("{a}");
  for (const search of ["?query=a&query=b", "?query=a&variables=[]", "?query=a&extensions=x", "?x=1"])
    expect(textIn(undefined, search)).toBeUndefined();
});

test(`a request is the same in a URL as in a body (LAW_SEED=${SEED})`, () => {
  const objects = fc.dictionary(fc.string(), fc.jsonValue());
  const members = fc.record(
    { query: fc.string(), operationName: fc.string(), variables: objects, extensions: objects },
    { requiredKeys: ["query"] },
  );
  fc.assert(
    fc.property(members, (given) => {
      const sent = JSON.parse(JSON.stringify(given)) as Record<string, unknown>;
      fc.pre(JSON.stringify(sent) === Buffer.from(JSON.stringify(sent)).toString());
      expect(membersOf(undefined, searchOf(sent))).toEqual(sent);
      expect(membersOf(sent, "")).toEqual(sent);
    }),
    { seed: SEED, numRuns: cases(100) },
  );
});

test("a query that was named otherwise is spelled out for Apollo Server, and all else stays", () => {
  const persistedQuery = { version: 1, sha256Hash: "x" };
  const members = {
    operationName: "Q",
    variables: { a: 1 },
    documentId: "x",
    extensions: { persistedQuery, other: 1 },
  };
  expect(withQueryText(members, query)).toEqual({
    query,
    operationName: "Q",
    variables: { a: 1 },
    extensions: { other: 1 },
  });
  expect(withQueryText({ documentId: "x" }, query)).toEqual({ query });
});
