import { buildSchema, parse } from "graphql";
import { describe, expect, test } from "vitest";
import { ERROR_CODES } from "../../../src/domain/errors.js";
import { operationLabel, outcomeLabel } from "../../../src/graphql/server/request-labels.js";

const SCHEMA = buildSchema(
  "type Query { config: String account: String } type Mutation { setConfig: String }",
);
const labelOf = (query: string) => {
  const [operation] = parse(query).definitions;
  return operationLabel(SCHEMA, operation?.kind === "OperationDefinition" ? operation : undefined);
};

describe("the label of an operation", () => {
  test.each([
    ["{ config }", "query config"],
    ["query Mine { config }", "query config"],
    ["{ mine: config, yours: config }", "query config"],
    ["{ config account }", "query several"],
    ["{ __typename }", "query __typename"],
    ["{ __schema { types { name } } }", "query __schema"],
    ["{ ...mine }", "query fragment"],
    ["mutation { setConfig }", "mutation setConfig"],
    ["{ mine }", "query unknown"],
    ["{ mine yours }", "query unknown"],
    ["{ mine config }", "query several"],
    ["mutation { config }", "mutation unknown"],
    ["subscription { config }", "subscription unknown"],
    ["subscription { mine yours }", "subscription unknown"],
    ["{ constructor }", "query unknown"],
    ["{ toString }", "query unknown"],
  ])("%s: %s", (query, label) => {
    expect(labelOf(query)).toBe(label);
  });

  test("of a request that has none", () => {
    expect(operationLabel(SCHEMA, undefined)).toBe("invalid");
  });
});

test("the label of an outcome is a code that is known, or one word", () => {
  const outcome = (code: unknown) => outcomeLabel([{ message: "", extensions: { code } }]);
  expect(outcomeLabel(undefined)).toBe("ok");
  for (const code of [...ERROR_CODES, "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_REQUEST"])
    expect(outcome(code)).toBe(code);
  for (const code of ["mine", "", 7, undefined, "toString"]) expect(outcome(code)).toBe("error");
  expect(outcomeLabel([])).toBe("error");
});
