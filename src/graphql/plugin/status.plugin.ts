import type { ApolloServerPlugin } from "@apollo/server";
import type { GraphQLFormattedError } from "graphql";
import type { RequestContext } from "../context.js";

const MISTAKES: ReadonlySet<unknown> = new Set([
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "BAD_USER_INPUT",
]);
/** Validation ends there: somebody who mistyped is not that far off. */
const FLOOD = 10;

/**
 * GraphQL over HTTP, 6.4.1: to a client that knows `application/json` alone an operation that does not fit is a 200 with
 * errors. Only to a client that says so, and only for mistakes: whatever is refused to protect the server is a 400, as it
 * is to everybody else.
 */
export function statusPlugin(): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart({ request }) {
      const isLegacy = knowsJsonAlone(request.http?.headers.get("accept") ?? "");
      return {
        async willSendResponse({ response: { http, body } }) {
          if (!isLegacy || http.status !== 400 || body.kind !== "single") return;
          const { errors = [] } = body.singleResult;
          if (errors.length < FLOOD && errors.every(isMistake)) http.status = 200;
        },
      };
    },
  };
}

function knowsJsonAlone(accept: string): boolean {
  return (
    /(?:^|,)\s*application\/json\b/i.test(accept) && !/application\/graphql-response\+json/i.test(accept)
  );
}

/** Neither introspection where there is none, nor a limit, nor a fragment that never ends. */
function isMistake({ message, extensions = {} }: GraphQLFormattedError): boolean {
  const { code, limit, validationErrorCode } = extensions;
  if (limit !== undefined || validationErrorCode !== undefined) return false;
  return MISTAKES.has(code) && !message.startsWith("Cannot spread fragment");
}
