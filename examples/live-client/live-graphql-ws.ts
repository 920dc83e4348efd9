import { createClient } from "graphql-ws";

const CHANGES = `subscription ($accountId: ID!, $configIds: [ID!], $since: String) {
  configChanged(accountId: $accountId, configIds: $configIds, since: $since, bookmarks: true) {
    cursor reset config { id values }
  }
}`;

interface Change {
  cursor: string;
  reset: boolean;
  config: { id: string; values: Record<string, unknown> } | null;
}

/** Calls back with each state of a config until the signal says stop. */
export async function follow(
  url: string,
  token: () => Promise<string>,
  of: { accountId: string; configIds: string[] },
  show: (config: Change["config"]) => void,
  signal: AbortSignal,
): Promise<void> {
  const connectionParams = async () => ({ Authorization: `Bearer ${await token()}` });
  for (let since: string | undefined; !signal.aborted; ) {
    const client = createClient({ url, connectionParams, retryAttempts: 0 });
    const stop = () => void client.dispose();
    signal.addEventListener("abort", stop);
    try {
      const results = client.iterate<{ configChanged: Change }>({
        query: CHANGES,
        variables: { ...of, since },
      });
      for await (const { data } of results) {
        since = data?.configChanged.cursor ?? since;
        if (data?.configChanged.config) show(data.configChanged.config);
      }
    } catch {
      // Closed: by 4401 when the token ends, by 1012 when the gateway is stopped, or by the network.
      await new Promise((resolve) => setTimeout(resolve, 500 + Math.random() * 2_000));
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}
