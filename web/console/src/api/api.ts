import { Client, createRequest, fetchExchange } from "@urql/core";
import { ApiError, apiErrorOf } from "./api-error.js";
import { createLive, type Live } from "./live.js";
import type { TypedDocumentString } from "./operations.generated.js";

/** What the console asks the gateway through. One for each token. */
export interface Api {
  /** @throws ApiError for any error, also one beside data */
  run<Result, Variables extends object>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
  ): Promise<Result>;
  readonly live: Live;
  close(): void;
}

/** @param onUnauthenticated called when the gateway takes the token no more */
export function createApi(token: string | null, onUnauthenticated: (reason: string) => void): Api {
  const client = new Client({
    url: "/graphql",
    // A query may be larger than what a URL holds, and URLs end up in logs.
    preferGetMethod: false,
    fetchOptions: () => ({ headers: token === null ? {} : { authorization: `Bearer ${token}` } }),
    // No cache: every view is of one moment, and follows the gateway.
    exchanges: [fetchExchange],
  });
  const refuse = (error: ApiError): never => {
    if (error.code === "UNAUTHENTICATED") onUnauthenticated(error.message);
    throw error;
  };
  let reads = 0;
  // The client would join equal reads that run at a time: one that was sent before a change does not show it.
  const ownRead = <Result, Variables extends object>(text: string, variables: Variables) => {
    reads += 1;
    return client.executeQuery<Result, Variables>({
      ...createRequest<Result, Variables>(text, variables),
      key: reads,
    });
  };
  const live = createLive(token);
  return {
    live,
    async run<Result, Variables extends object>(
      document: TypedDocumentString<Result, Variables>,
      variables: Variables,
    ): Promise<Result> {
      const text = document.toString();
      const result = text.trimStart().startsWith("mutation")
        ? await client.mutation<Result, Variables>(text, variables)
        : await ownRead<Result, Variables>(text, variables);
      if (result.error !== undefined) return refuse(apiErrorOf(result.error));
      if (result.data === undefined) throw new ApiError("The gateway's answer holds no data.", "UNKNOWN");
      return result.data;
    },
    close: () => live.close(),
  };
}
