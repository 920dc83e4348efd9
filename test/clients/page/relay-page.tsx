import { Suspense } from "react";
import { RelayEnvironmentProvider, useLazyLoadQuery } from "react-relay";
import type { relayReadQuery } from "../docs/__generated__/relayReadQuery.graphql";
import { createEnvironment, ReadConfig } from "../docs/relay";
import { Config } from "../docs/relay-config";
import { CONFIG_ID, type Page } from "./page";

let environment: ReturnType<typeof createEnvironment> | undefined;

export function RelayPage({ url, token, accountId }: Page) {
  environment ??= createEnvironment(url, async () => token);
  return (
    <RelayEnvironmentProvider environment={environment}>
      <Suspense fallback={<p>loading</p>}>
        <Loaded accountId={accountId} />
      </Suspense>
    </RelayEnvironmentProvider>
  );
}

function Loaded({ accountId }: { readonly accountId: string }) {
  const { config } = useLazyLoadQuery<relayReadQuery>(ReadConfig, { accountId, configId: CONFIG_ID });
  return config ? <Config config={config} accountId={accountId} configId={CONFIG_ID} /> : <p>nothing</p>;
}
