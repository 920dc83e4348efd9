import { createServer } from "node:http";
import { parse } from "graphql";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { createGraphqlSchema } from "../../../src/graphql/api/schema.js";
import { startApolloServer } from "../../../src/graphql/server/apollo-server.js";
import { PreparedQueries, type PreparedQuery } from "../../../src/graphql/server/query/prepared-queries.js";
import { RequestWork } from "../../../src/graphql/server/request-work.js";
import { createErrorReport } from "../../../src/graphql/server/response/error-report.js";
import { Evidence } from "../../../src/graphql/server/response/evidence.js";
import type { ServedContext } from "../../../src/graphql/server/served-context.js";

async function open() {
  const schema = await createGraphqlSchema();
  const logger = pino({ level: "silent" });
  const queries = new PreparedQueries(schema);
  const apollo = await startApolloServer({
    schema,
    queries,
    httpServer: createServer(),
    introspection: true,
    logger,
    errors: createErrorReport(logger, () => "incident"),
    onRequest: () => undefined,
  });
  onTestFinished(() => apollo.stop());
  const execute = async (query: PreparedQuery | undefined, text = query?.text ?? "") => {
    const contextValue = {
      query,
      requestId: "request-1",
      work: new RequestWork(),
      evidence: new Evidence(),
      outcome: { isClean: false },
    } as unknown as ServedContext;
    const { body } = await apollo.executeOperation({ query: text }, { contextValue });
    return JSON.stringify(body.kind === "single" ? body.singleResult : body);
  };
  return { queries, execute };
}

test("Apollo Server executes the document that is prepared, and parses and validates nothing again", async () => {
  const { queries, execute } = await open();
  const query = queries.prepare("{ text: __typename }");
  queries.keep(query, parse("{ document: __typename }"));
  expect(await execute(query)).toBe('{"data":{"document":"Query"}}');
});

test("a query's document is kept once Apollo Server has found it valid", async () => {
  const { queries, execute } = await open();
  const query = queries.prepare("{ __typename }");
  await execute(query);
  expect(queries.prepare("{ __typename }").document).toBe(query.document);
  expect(query.document).toBeDefined();
  for (const invalid of ["{ nothing }", "{"]) {
    await execute(queries.prepare(invalid));
    expect(queries.prepare(invalid).document).toBeUndefined();
  }
});

test("an operation that nobody has prepared is not executed", async () => {
  const { execute } = await open();
  expect(await execute(undefined, "{ __typename }")).toContain("INTERNAL_SERVER_ERROR");
});
