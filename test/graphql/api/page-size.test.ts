import { afterAll, beforeAll, expect, test } from "vitest";
import { TestApp } from "../test-app.js";

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.open();
});
afterAll(() => app.close());

const PAGES: Readonly<Record<string, (size: string) => string>> = {
  "accounts(first:)": (size) => `accounts(first: ${size}) { totalCount }`,
  "accounts(last:)": (size) => `accounts(last: ${size}) { totalCount }`,
  "auditLog(first:)": (size) => `auditLog(first: ${size}) { pageInfo { hasNextPage } }`,
  "history(first:)": (size) =>
    `config(accountId: "acme", configId: "conferences") { history(first: ${size}) { pageInfo { hasNextPage } } }`,
};
/** In a mutation's answer. */
const IMPACT_PAGES: typeof PAGES = {
  "impact.accounts(first:)": (
    size,
  ) => `patchConfig(input: { accountId: "summit", configId: "conferences", patch: {}, dryRun: true }) {
    ... on ConfigWritten { impact { accounts(first: ${size}) { pageInfo { hasNextPage } } } } }`,
};
const SIZES = [-1, 1_001, 2 ** 31 - 1, -(2 ** 31)];
const CASES = Object.entries({ ...PAGES, ...IMPACT_PAGES }).flatMap(([name, page]) =>
  SIZES.map((size) => [name, size, page] as const),
);

test.each(CASES)("%s of %d names the limit, as text and as a variable", async (name, size, page) => {
  const pointer = name.includes("last") ? "/last" : "/first";
  const kind = name in IMPACT_PAGES ? "mutation" : "query";
  const asText = await app.client.post({ query: `${kind} { ${page(String(size))} }` });
  const asVariable = await app.client.post({
    query: `${kind} ($n: Int!) { ${page("$n")} }`,
    variables: { n: size },
  });
  for (const { errors } of [asText, asVariable])
    expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", limit: "pageSize", pointer } }]);
});

test.each(Object.entries(PAGES))(
  "%s of what is no Int of GraphQL is refused before it runs",
  async (_, page) => {
    const asText = await app.client.post({ query: `{ ${page(String(2 ** 31))} }` });
    expect(asText.errors).toMatchObject([{ extensions: { code: "GRAPHQL_VALIDATION_FAILED" } }]);
    const asVariable = await app.client.post({
      query: `query ($n: Int!) { ${page("$n")} }`,
      variables: { n: 2 ** 31 },
    });
    expect(asVariable.errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
  },
);
