import { readFileSync } from "node:fs";
import { gql } from "@apollo/client";
import { buildSchema, isAbstractType } from "graphql";
import { describe, expect, test } from "vitest";
import { createClient } from "./docs/apollo.js";
import { createClient as createClient3 } from "./docs/apollo-3.js";
import { patchAbove } from "./docs/apollo-write.js";
import { PatchConfig, ReadConfig } from "./docs/operations.js";
import { openStrata } from "./strata.js";

const strata = openStrata();
const of = (accountId: string) => ({ accountId, configId: "conferences" });
const token = () => strata.token("summit");

describe("Apollo Client 4", () => {
  test("reads a config, writes it, and shows what was written", async () => {
    const apollo = createClient(strata.url, token);
    const { data } = await apollo.query({ query: ReadConfig, variables: of("acme") });
    expect(data?.config?.values).toMatchObject({ pin_timeout: 3000 });
    await apollo.mutate({
      mutation: PatchConfig,
      variables: { input: { ...of("acme"), patch: { pin_timeout: 4321 } } },
    });
    const shown = apollo.readQuery({ query: ReadConfig, variables: of("acme") });
    expect(shown?.config?.values).toMatchObject({ pin_timeout: 4321 });
  });

  test("fetches again what is below the account that was written", async () => {
    const apollo = createClient(strata.url, token);
    const shown: unknown[] = [];
    const watched = apollo.watchQuery({ query: ReadConfig, variables: of("globex") });
    const watching = watched.subscribe(({ data }) => shown.push(data?.config?.values?.pin_timeout));
    await expect.poll(() => shown.at(-1), { timeout: 20_000 }).toBe(7500);
    expect((await patchAbove(apollo, "summit", "conferences", { pin_timeout: 8500 }))?.__typename).toBe(
      "ConfigWritten",
    );
    await expect.poll(() => shown.at(-1), { timeout: 20_000 }).toBe(8500);
    watching.unsubscribe();
  });

  test("keeps two selections of one field and of one layer beside each other", async () => {
    const apollo = createClient(strata.url, token);
    const select = (inner: string) => gql`
      { config(accountId: "acme", configId: "conferences") { id field(at: "/pin_timeout") { ${inner} } } }
    `;
    const [first, second] = [select("pointer"), select("value source { kind }")];
    await apollo.query({ query: first });
    await apollo.query({ query: second });
    expect(apollo.readQuery({ query: first })).not.toBeNull();
    expect(apollo.readQuery({ query: second })).not.toBeNull();
  });

  test("has every type that an interface or a union may be", () => {
    const schema = buildSchema(readFileSync(new URL("docs/schema.graphql", import.meta.url), "utf8"));
    const abstract = Object.values(schema.getTypeMap()).filter(isAbstractType);
    const names = abstract.map((type) => [
      type.name,
      schema
        .getPossibleTypes(type)
        .map(({ name }) => name)
        .sort(),
    ]);
    const { policies } = createClient(strata.url, token).cache as unknown as {
      readonly policies: { readonly config: { readonly possibleTypes: Record<string, string[]> } };
    };
    const known = Object.entries(policies.config.possibleTypes).map(([name, types]) => [name, types.sort()]);
    expect(Object.fromEntries(known)).toEqual(Object.fromEntries(names));
  });

  test("gets a new token when one is refused, once", async () => {
    const asked: boolean[] = [];
    const stale = createClient(strata.url, async (isRefused) => {
      asked.push(isRefused);
      return isRefused ? token() : "stale";
    });
    const { data } = await stale.query({ query: ReadConfig, variables: of("acme") });
    expect([data?.config?.id, asked]).toEqual(["acme/conferences", [false, true]]);
    const hopeless = createClient(strata.url, async () => "stale");
    await expect(hopeless.query({ query: ReadConfig, variables: of("acme") })).rejects.toMatchObject({
      errors: [{ extensions: { code: "UNAUTHENTICATED" } }],
    });
  });

  test("shows old values beside a new etag if a mutation selects the etag alone, and not if it selects what is shown", async () => {
    const others = createClient(strata.url, token);
    const write = (patch: Record<string, unknown>) =>
      others.mutate({ mutation: PatchConfig, variables: { input: { ...of("globex"), patch } } });
    const etagOnly = gql`
      mutation ($input: PatchConfigInput!) {
        patchConfig(input: $input) { ... on ConfigWritten { config { id etag } } }
      }
    `;
    for (const [mutation, overwrites] of [
      [etagOnly, true],
      [PatchConfig, false],
    ] as const) {
      const apollo = createClient(strata.url, token);
      await write({ number_timeout: 1000 });
      await apollo.query({ query: ReadConfig, variables: of("globex") });
      await write({ number_timeout: 2000 });
      // Of another field, and without `ifMatch`.
      await apollo.mutate({
        mutation,
        variables: { input: { ...of("globex"), patch: { pin_timeout: 6666 } } },
      });
      const form = apollo.readQuery({ query: ReadConfig, variables: of("globex") })?.config;
      const seen = form?.values.number_timeout;
      expect(seen).toBe(overwrites ? 1000 : 2000);
      const { data } = await apollo.mutate({
        mutation: PatchConfig,
        variables: { input: { ...of("globex"), patch: { number_timeout: seen }, ifMatch: form?.etag ?? "" } },
      });
      // The trap: nobody wanted 1000 back, and `ifMatch` let it pass.
      expect(data?.patchConfig?.__typename).toBe("ConfigWritten");
      const { data: now } = await others.query({
        query: ReadConfig,
        variables: of("globex"),
        fetchPolicy: "network-only",
      });
      expect(now?.config?.values.number_timeout).toBe(overwrites ? 1000 : 2000);
    }
  });
});

test("Apollo Client 3 reads a config, writes it, and shows what was written", async () => {
  const apollo = createClient3(strata.url, token);
  const { data } = await apollo.query({ query: ReadConfig, variables: of("acme-berlin") });
  expect(data.config?.values).toMatchObject({ pin_timeout: expect.any(Number) });
  await apollo.mutate({
    mutation: PatchConfig,
    variables: { input: { ...of("acme-berlin"), patch: { pin_timeout: 4444 } } },
  });
  const shown = apollo.readQuery({ query: ReadConfig, variables: of("acme-berlin") });
  expect(shown?.config?.values).toMatchObject({ pin_timeout: 4444 });
});
