import { ApolloProvider, useMutation, useQuery } from "@apollo/client/react";
import { createClient } from "../docs/apollo";
import { PatchConfig, ReadConfig } from "../docs/operations";
import { CONFIG_ID, PATCH, type Page } from "./page";

export function ApolloPage({ url, token, accountId }: Page) {
  return (
    <ApolloProvider client={createClient(url, async () => token)}>
      <Config accountId={accountId} />
    </ApolloProvider>
  );
}

function Config({ accountId }: { readonly accountId: string }) {
  const { data, error } = useQuery(ReadConfig, { variables: { accountId, configId: CONFIG_ID } });
  const [patch] = useMutation(PatchConfig);
  if (error) return <p>{error.message}</p>;
  const config = data?.config;
  if (!config) return <p>loading</p>;
  const input = { accountId, configId: CONFIG_ID, patch: PATCH, ifMatch: config.etag };
  return (
    <section>
      <output>{JSON.stringify(config.values)}</output>
      <button type="button" onClick={() => patch({ variables: { input } })}>
        Write
      </button>
    </section>
  );
}
