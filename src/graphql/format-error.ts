import type { FastifyBaseLogger } from "fastify";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { StrataError } from "../domain/errors.js";

/**
 * What a client is told of an error. Ours carry their code, pointer and limit; GraphQL's own stay as they are; of
 * anything else only an incident id leaves the process, and the log says what it was.
 */
export function createFormatError(
  logger: FastifyBaseLogger,
  newId: () => string,
): (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError {
  return (formatted, error) => {
    const { locations, path } = formatted;
    const place = { ...(locations && { locations }), ...(path && { path }) };
    const origin = originOf(error);
    if (origin instanceof StrataError && origin.code !== "INTERNAL_SERVER_ERROR") {
      if (origin.cause !== undefined) logger.error({ err: origin.cause, code: origin.code }, "refused");
      return { ...place, message: origin.message, extensions: extensionsOf(origin) };
    }
    if (/^Syntax Error: Document contains more tha[nt] \d+ tokens/.test(formatted.message)) {
      const message = "The query is too long: too many tokens. Use variables for data.";
      return { ...place, message, extensions: { code: "QUERY_TOO_COMPLEX", limit: "tokens" } };
    }
    if (formatted.extensions?.code !== "INTERNAL_SERVER_ERROR") return formatted;
    const incident = newId();
    logger.error({ err: origin, incident }, "unexpected error");
    const message = `Something went wrong on our side. Incident ${incident}.`;
    return { ...place, message, extensions: { code: "INTERNAL_SERVER_ERROR", incident } };
  };
}

/** GraphQL wraps what a resolver or a scalar threw, sometimes twice. */
function originOf(error: unknown): unknown {
  let origin = error;
  while (origin instanceof GraphQLError && origin.originalError !== undefined) origin = origin.originalError;
  return origin;
}

function extensionsOf({ code, pointer, limit }: StrataError): Record<string, unknown> {
  return { code, ...(pointer !== undefined && { pointer }), ...(limit !== undefined && { limit }) };
}
