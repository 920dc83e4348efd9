import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { createClient } from "graphql-ws";

export const CHANGES = gql`
  subscription ($accountId: ID!, $configIds: [ID!]) {
    configChanged(accountId: $accountId, configIds: $configIds) { cursor config { id values } }
  }
`;

/** @param overWebSocket otherwise subscriptions come as multipart responses */
export function createLiveClient(
  url: string,
  token: () => Promise<string>,
  overWebSocket: boolean,
): ApolloClient {
  const withToken = async () => ({ Authorization: `Bearer ${await token()}` });
  const http = new HttpLink({
    uri: url,
    fetch: async (to, init) =>
      fetch(to, {
        ...init,
        headers: { ...(init?.headers as Record<string, string>), ...(await withToken()) },
      }),
  });
  const webSocket = new GraphQLWsLink(
    createClient({ url: url.replace(/^http/, "ws"), connectionParams: withToken, shouldRetry: () => true }),
  );
  const link = ApolloLink.split(
    ({ operationType }) => overWebSocket && operationType === OperationTypeNode.SUBSCRIPTION,
    webSocket,
    http,
  );
  return new ApolloClient({ link, cache: new InMemoryCache() });
}
