import { expect, test } from "vitest";
import { createClient } from "./docs/apollo.js";
import { PatchConfig, ReadConfig } from "./docs/operations.js";
import { openStrata } from "./strata.js";

const strata = openStrata();
const ACME = { accountId: "acme", configId: "conferences" };

test("Apollo Client 4 reads a config, writes it, and shows what was written", async () => {
  const apollo = createClient(strata.url, () => strata.token("acme"));
  const { data } = await apollo.query({ query: ReadConfig, variables: ACME });
  expect(data?.config?.values).toMatchObject({ pin_timeout: 3000 });
  await apollo.mutate({
    mutation: PatchConfig,
    variables: { input: { ...ACME, patch: { pin_timeout: 4321 } } },
  });
  const shown = apollo.readQuery({ query: ReadConfig, variables: ACME });
  expect(shown?.config?.values).toMatchObject({ pin_timeout: 4321 });
});
