import { Client, cacheExchange, fetchExchange, subscriptionExchange } from "@urql/core";
import type { FormattedExecutionResult } from "graphql";
import { createClient } from "graphql-ws";

export function createLiveClient(url: string, token: () => Promise<string>): Client {
  const socket = createClient({
    url: url.replace(/^http/, "ws"),
    connectionParams: async () => ({ Authorization: `Bearer ${await token()}` }),
  });
  return new Client({
    url,
    preferGetMethod: false,
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = "", variables }) => ({
          subscribe: ({ next, error, complete }) => {
            const take = ({ data = null, ...rest }: FormattedExecutionResult) => next({ ...rest, data });
            return { unsubscribe: socket.subscribe({ query, variables }, { next: take, error, complete }) };
          },
        }),
      }),
    ],
  });
}
