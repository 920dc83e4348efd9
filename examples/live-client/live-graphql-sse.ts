import { createClient } from "graphql-sse";

/** Calls back with each state of a config. @returns what ends it */
export function follow(
  url: string,
  token: () => Promise<string>,
  variables: { accountId: string; configIds: string[] },
  show: (config: { id: string; values: Record<string, unknown> }) => void,
): () => void {
  const client = createClient({
    url,
    headers: async () => ({ Authorization: `Bearer ${await token()}` }),
    retryAttempts: Number.POSITIVE_INFINITY,
  });
  const query = `subscription ($accountId: ID!, $configIds: [ID!]) {
    configChanged(accountId: $accountId, configIds: $configIds) { cursor config { id values } }
  }`;
  type Data = { configChanged: { config: { id: string; values: Record<string, unknown> } | null } };
  return client.subscribe<Data>(
    { query, variables },
    {
      next: ({ data }) => data?.configChanged.config && show(data.configChanged.config),
      error: (error) => console.error(error),
      complete: () => {},
    },
  );
}
