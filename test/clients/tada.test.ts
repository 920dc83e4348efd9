import { request } from "graphql-request";
import { expect, test } from "vitest";
import { ReadConfig } from "./docs/tada.js";
import { openStrata } from "./strata.js";

const strata = openStrata();

test("gql.tada types an operation that graphql-request sends", async () => {
  const { config } = await request({
    url: strata.url,
    document: ReadConfig,
    variables: { accountId: "acme" },
    requestHeaders: { authorization: `Bearer ${await strata.token("acme")}` },
  });
  const etag: string | undefined = config?.etag;
  expect(etag).toMatch(/^\S+$/);
});
