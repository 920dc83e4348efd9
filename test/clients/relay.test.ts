import { commitMutation, fetchQuery } from "relay-runtime";
import { expect, test } from "vitest";
import type { relayPatchMutation } from "./docs/__generated__/relayPatchMutation.graphql.js";
import type { relayReadQuery } from "./docs/__generated__/relayReadQuery.graphql.js";
import { createEnvironment, PatchConfig, ReadConfig } from "./docs/relay.js";
import { openStrata } from "./strata.js";

const strata = openStrata();
const ACME = { accountId: "acme", configId: "conferences" };

test("Relay reads a config, writes it, and shows what was written", async () => {
  const relay = createEnvironment(strata.url, () => strata.token("acme"));
  const read = await fetchQuery<relayReadQuery>(relay, ReadConfig, ACME).toPromise();
  expect(read?.config?.values).toMatchObject({ pin_timeout: 3000 });
  const written = await new Promise<relayPatchMutation["response"]>((resolve, reject) =>
    commitMutation<relayPatchMutation>(relay, {
      mutation: PatchConfig,
      variables: { input: { ...ACME, patch: { pin_timeout: 4321 } } },
      onCompleted: resolve,
      onError: reject,
    }),
  );
  expect(written.patchConfig?.__typename).toBe("ConfigWritten");
  const shown = await fetchQuery<relayReadQuery>(relay, ReadConfig, ACME, {
    fetchPolicy: "store-or-network",
  }).toPromise();
  expect(shown?.config?.values).toMatchObject({ pin_timeout: 4321 });
});
