import { createGraphiQLFetcher, type Fetcher } from "@graphiql/toolkit";

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
    return fetcher(params, { ...options, headers });
  };
}
