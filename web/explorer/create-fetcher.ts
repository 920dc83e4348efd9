import { createGraphiQLFetcher, type Fetcher, type FetcherOpts, type FetcherParams } from "@graphiql/toolkit";
import { type DocumentNode, Kind, parse } from "graphql";

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
    const [request, document] = readAgain(params);
    return fetcher(request, { ...document, headers });
  };
}

/**
 * The request with the name and the document that its text has: right after an edit or a change of tabs, GraphiQL still gives
 * those of the text before, and would send a subscription as a query.
 */
function readAgain({ operationName, ...request }: FetcherParams): [FetcherParams, FetcherOpts] {
  const documentAST = parsed(request.query);
  // The gateway says what is wrong with it.
  if (documentAST === undefined) return [request, {}];
  const names = documentAST.definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION ? [definition.name?.value] : [],
  );
  const [only] = names.length === 1 ? names : [];
  const name = names.find((each) => each === operationName) ?? only;
  return [name === undefined ? request : { ...request, operationName: name }, { documentAST }];
}

function parsed(query: string): DocumentNode | undefined {
  try {
    return parse(query);
  } catch {
    return undefined;
  }
}
