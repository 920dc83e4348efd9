import { createGraphiQLFetcher, type Fetcher, type FetcherParams } from "@graphiql/toolkit";

/** Headers of the editor that say who calls. They come before the token of the page. */
const AUTHORIZING = /^(authorization|x-auth-token)$/i;

/**
 * Sends queries by POST, and subscriptions over a WebSocket at the same path.
 * @param token of the page; read for each request
 */
export function createFetcher(url: URL, token: () => string | undefined): Fetcher {
  const socket = new URL(url);
  socket.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const fetcher = createGraphiQLFetcher({ url: url.href, subscriptionUrl: socket.href });
  return (params, options) => {
    const given = options?.headers ?? {};
    const own = token();
    const isAuthorized = own === undefined || Object.keys(given).some((name) => AUTHORIZING.test(name));
    const headers = isAuthorized ? given : { ...given, authorization: `Bearer ${own}` };
    return fetcher(named(params), { ...options, headers });
  };
}

/**
 * The request without the name of an operation that its text does not have: right after an edit or a change of tabs, GraphiQL
 * still sends the name of the operation before.
 */
function named(params: FetcherParams): FetcherParams {
  const { operationName, ...unnamed } = params;
  if (!operationName) return params;
  const hasIt = new RegExp(`\\b(query|mutation|subscription)\\s+${operationName}\\b`).test(params.query);
  return hasIt ? params : unnamed;
}
