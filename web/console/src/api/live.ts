import { type Client, createClient } from "graphql-ws";
import { createStore, type Store } from "../store.js";
import { ConfigChangedDocument, type ConfigChangedSubscription } from "./operations.generated.js";

/**
 * - `connecting`: not yet, or cut off and trying again
 * - `live`: changes arrive as they are made
 * - `off`: the gateway sends no live changes; views look for themselves
 */
export type LiveState = "connecting" | "live" | "off";

/** What an account sees of a config has changed, or is told for the first time. */
export interface LiveChange {
  readonly configId: string;
  readonly etag: string;
}

interface Watcher {
  /** @param change null: the account sees no change, but something of what its configs are made of was written */
  onChange(change: LiveChange | null): void;
  /** Nothing comes any more: the account is gone, or the gateway knows no subscriptions. */
  onEnd(): void;
}

export interface Live {
  readonly state: Store<LiveState>;
  /** Connects, for as long as the page is there. */
  start(): void;
  /**
   * @param configId one config, or null for every config of the account
   * @param bookmarks also to be told of what the account does not see
   * @returns what ends it
   */
  watch(accountId: string, configId: string | null, watcher: Watcher, bookmarks?: boolean): () => void;
  close(): void;
}

/** After so many attempts without any connection, the gateway counts as one without live changes. */
const ATTEMPTS = 2;
const LONGEST_WAIT = 30_000;

/**
 * Follows configs over one WebSocket. After a cut it connects again, and each subscription starts with a message that says how
 * things stand: nothing is missed.
 */
export function createLive(token: string | null): Live {
  const state = createStore<LiveState>("connecting");
  let client: Client | undefined;
  return {
    state,
    start() {
      client ??= connect(token, state);
    },
    watch(accountId, configId, { onChange, onEnd }, bookmarks = false) {
      const variables = { accountId, configIds: configId === null ? null : [configId], bookmarks };
      const query = ConfigChangedDocument.toString();
      let isOver = false;
      const stop = client?.subscribe<ConfigChangedSubscription>(
        { query, variables },
        {
          next({ data }) {
            if (data) onChange(data.configChanged.config);
          },
          error: () => !isOver && onEnd(),
          complete: () => !isOver && onEnd(),
        },
      );
      return () => {
        isOver = true;
        stop?.();
      };
    },
    close: () => void client?.dispose(),
  };
}

function connect(token: string | null, state: Store<LiveState>): Client {
  let failures = 0;
  return createClient({
    url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
    connectionParams: token === null ? {} : { authorization: `Bearer ${token}` },
    lazy: false,
    onNonLazyError: () => state.set("off"),
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
}
