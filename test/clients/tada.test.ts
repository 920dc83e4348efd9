import { request } from "graphql-request";
import { expect, expectTypeOf, test } from "vitest";
import { ReadSources } from "./docs/tada.js";
import { openStrata } from "./strata.js";

const strata = openStrata();

test("gql.tada types an operation that graphql-request sends", async () => {
  const { config } = await request({
    url: strata.url,
    document: ReadSources,
    variables: { accountId: "acme", configId: "conferences" },
    requestHeaders: { authorization: `Bearer ${await strata.token("acme")}` },
  });
  const field = config?.fields.find(({ pointer }) => pointer === "/pin_timeout");
  expect(field).toMatchObject({ value: 3000, source: { kind: "ACCOUNT" } });
  expectTypeOf(field?.pointer).toEqualTypeOf<string | undefined>();
  expectTypeOf(field?.source.kind).toEqualTypeOf<"ACCOUNT" | "RESELLER" | "SYSTEM" | "SCHEMA" | undefined>();
});
