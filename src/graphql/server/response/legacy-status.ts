import type { GraphQLFormattedError } from "graphql";

const MISTAKES: ReadonlySet<unknown> = new Set([
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "BAD_USER_INPUT",
]);
/** Validation ends there: somebody who mistyped is not that far off. */
const FLOOD = 10;

/**
 * Whether a refused operation (400) is a 200 with errors: to a client that knows `application/json` alone, GraphQL over
 * HTTP (6.4.1) wants that for an operation that does not fit. Only to a client that says so, and only for mistakes:
 * whatever is refused to protect the server is a 400, as it is to everybody else.
 */
export function isLegacyOk(accept: string, errors: readonly GraphQLFormattedError[] = []): boolean {
  return knowsJsonAlone(accept) && errors.length < FLOOD && errors.every(isMistake);
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
