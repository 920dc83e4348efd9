import { createClient } from "graphql-ws";
import { createStore, type Store } from "../store.js";

/**
 * - `connecting`: not yet, or cut off and trying again
 * - `live`: changes arrive as they are made
 * - `off`: the gateway sends no live changes; views look for themselves
 */
export type LiveState = "connecting" | "live" | "off";

/** One message: what an account sees of a config has changed, or is shown for the first time. */
export interface LiveChange {
  readonly configId: string;
  readonly etag: string;
}

export interface Live {
  readonly state: Store<LiveState>;
  /** @param configId one config, or null for every config of the account */
  watch(accountId: string, configId: string | null, onChange: (change: LiveChange) => void): () => void;
  close(): void;
}

const CONFIG_CHANGED = `subscription ConfigChanged($accountId: ID!, $configIds: [ID!]) {
  configChanged(accountId: $accountId, configIds: $configIds) {
    config { configId etag }
  }
}`;

interface ConfigChangedResult {
  readonly configChanged: { readonly config: LiveChange | null };
}

/** After so many attempts without any connection, the gateway counts as one without live changes. */
const ATTEMPTS = 2;
const LONGEST_WAIT = 30_000;

/**
 * Follows configs over one WebSocket, opened when the first one is watched. After a cut it connects again, and each
 * subscription starts with a message that says how things stand: nothing is missed.
 */
export function createLive(token: string | null): Live {
  const state = createStore<LiveState>("connecting");
  let failures = 0;
  const client = createClient({
    url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
    connectionParams: token === null ? {} : { authorization: `Bearer ${token}` },
    keepAlive: 10_000,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: async (retries) => {
      const wait = Math.min(LONGEST_WAIT, 500 * 2 ** Math.min(retries, 8));
      await new Promise((resolve) => setTimeout(resolve, wait * (0.75 + Math.random() / 2)));
    },
    on: {
      connected: () => {
        failures = 0;
        state.set("live");
      },
      closed: () => {
        failures += 1;
        state.set(failures > ATTEMPTS ? "off" : "connecting");
      },
    },
  });
  return {
    state,
    watch(accountId, configId, onChange) {
      const variables = { accountId, configIds: configId === null ? null : [configId] };
      return client.subscribe<ConfigChangedResult>(
        { query: CONFIG_CHANGED, variables },
        {
          next({ data }) {
            if (data?.configChanged.config) onChange(data.configChanged.config);
          },
          // The gateway knows no subscriptions, or ends this one for good.
          error: () => state.set("off"),
          complete: () => {},
        },
      );
    },
    close: () => void client.dispose(),
  };
}
