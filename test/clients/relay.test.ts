import { commitMutation, fetchQuery, getFragment, getSingularSelector } from "relay-runtime";
import { expect, test } from "vitest";
import type { relayPatchMutation } from "./docs/__generated__/relayPatchMutation.graphql.js";
import type { relayReadQuery } from "./docs/__generated__/relayReadQuery.graphql.js";
import refetchQuery, {
  type relayShownConfigQuery,
} from "./docs/__generated__/relayShownConfigQuery.graphql.js";
import { createEnvironment, PatchConfig, ReadConfig, ShownConfig } from "./docs/relay.js";
import { openStrata } from "./strata.js";

const strata = openStrata();
const ACME = { accountId: "acme", configId: "conferences" };

test("Relay reads a config, writes it, shows what was written, and finds it again by its id", async () => {
  const relay = createEnvironment(strata.url, () => strata.token("acme"));
  const shown = (config: unknown, store = relay) => {
    const selector = getSingularSelector(getFragment(ShownConfig), config);
    return selector && store.lookup(selector).data;
  };
  const read = await fetchQuery<relayReadQuery>(relay, ReadConfig, ACME).toPromise();
  expect(shown(read?.config)).toMatchObject({ id: "acme/conferences", values: { pin_timeout: 3000 } });
  const written = await new Promise<relayPatchMutation["response"]>((resolve, reject) => {
    commitMutation<relayPatchMutation>(relay, {
      mutation: PatchConfig,
      variables: { input: { ...ACME, patch: { pin_timeout: 4321 } } },
      onCompleted: resolve,
      onError: reject,
    });
  });
  expect(written.patchConfig?.__typename).toBe("ConfigWritten");
  // The store has one record of the config, whatever it came with.
  expect(shown(read?.config)).toMatchObject({ values: { pin_timeout: 4321 } });
  const another = createEnvironment(strata.url, () => strata.token("acme"));
  const found = await fetchQuery<relayShownConfigQuery>(another, refetchQuery, {
    id: "acme/conferences",
  }).toPromise();
  expect(shown(found?.node, another)).toMatchObject({ values: { pin_timeout: 4321 } });
});
