import { auditServer } from "graphql-http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestApp } from "../test-app.js";

/** GETs without a header that no plain link can send: the specification allows them, CSRF protection does not. */
const REFUSED_ON_PURPOSE = ["5A70", "6A70", "D6D5"];

let app: TestApp;
let url: string;
beforeAll(async () => {
  app = await TestApp.open();
  url = `${await app.app.listen({ host: "127.0.0.1", port: 0 })}/graphql`;
});
afterAll(() => app.close());

test("GraphQL over HTTP: the audits of graphql-http find nothing but what is refused on purpose", async () => {
  const results = await auditServer({ url, fetchFn: fetch });
  const found = results.filter(({ status }) => status !== "ok");
  expect(results.length).toBeGreaterThan(50);
  expect(found.filter(({ status }) => status !== "notice")).toEqual([]);
  expect(found.map(({ id }) => id).sort()).toEqual(REFUSED_ON_PURPOSE);
});
