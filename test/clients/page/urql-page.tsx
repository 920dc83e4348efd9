import { Provider, useMutation, useQuery } from "urql";
import { PatchConfig, ReadConfig } from "../docs/operations";
import { createClient } from "../docs/urql";
import { CONFIG_ID, PATCH, type Page } from "./page";

export function UrqlPage({ url, token, accountId }: Page) {
  return (
    <Provider value={createClient(url, () => token)}>
      <Config accountId={accountId} />
    </Provider>
  );
}

function Config({ accountId }: { readonly accountId: string }) {
  const [{ data, error }] = useQuery({
    query: ReadConfig,
    variables: { accountId, configId: CONFIG_ID },
  });
  const [, patch] = useMutation(PatchConfig);
  if (error) return <p>{error.message}</p>;
  const config = data?.config;
  if (!config) return <p>loading</p>;
  const input = { accountId, configId: CONFIG_ID, patch: PATCH, ifMatch: config.etag };
  return (
    <section>
      <output>{JSON.stringify(config.values)}</output>
      <button type="button" onClick={() => patch({ input })}>
        Write
      </button>
    </section>
  );
}
