import type { ApolloServerPlugin } from "@apollo/server";
import type { FastifyBaseLogger } from "fastify";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { StrataError } from "../domain/errors.js";
import type { RequestContext } from "./context.js";
import { withoutValues } from "./withheld-values.js";

export interface ErrorReport {
  readonly formatError: (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;
  readonly plugin: ApolloServerPlugin<RequestContext>;
}

/**
 * What a client is told of an error. Ours carry their code, pointer and limit; GraphQL's own lose what they quote of the
 * caller's values; of anything else only an incident id leaves the process, and the log says what it was.
 */
export function createErrorReport(logger: FastifyBaseLogger, newId: () => string): ErrorReport {
  const incidents = new WeakMap<object, string>();

  function report(error: unknown, requestId?: string): string {
    const incident = newId();
    logger.error({ requestId, incident, err: originOf(error) }, "unexpected error");
    return incident;
  }

  return {
    formatError(formatted, error) {
      const { locations, path } = formatted;
      const place = { ...(locations && { locations }), ...(path && { path }) };
      const refusal = refusalIn(error);
      if (refusal !== undefined) {
        return { ...place, message: refusal.message, extensions: extensionsOf(refusal) };
      }
      if (formatted.extensions?.code !== "INTERNAL_SERVER_ERROR") {
        return { ...formatted, message: withoutValues(formatted.message) };
      }
      const known = typeof error === "object" && error !== null ? incidents.get(error) : undefined;
      const incident = known ?? report(error);
      const message = `Something went wrong on our side. Incident ${incident}.`;
      return { ...place, message, extensions: { code: "INTERNAL_SERVER_ERROR", incident } };
    },
    plugin: {
      async requestDidStart() {
        return {
          async willSendResponse({ errors = [], response }) {
            if (errors.some((error) => refusalIn(error)?.code === "UNAUTHENTICATED"))
              response.http.status = 401;
          },
          async didEncounterErrors({ errors, contextValue: { requestId } }) {
            const refusals = errors.map(refusalIn);
            for (const [index, error] of errors.entries()) {
              if (refusals[index] === undefined && isOurs(error))
                incidents.set(error, report(error, requestId));
            }
            // One failure of the store fails all that was read with it.
            for (const err of new Set(refusals.map((refusal) => refusal?.cause))) {
              if (err !== undefined) logger.error({ requestId, err }, "the store failed");
            }
          },
        };
      },
    },
  };
}

/** What Strata said no with, if it was Strata that did. */
function refusalIn(error: unknown): StrataError | undefined {
  const origin = originOf(error);
  return origin instanceof StrataError && origin.code !== "INTERNAL_SERVER_ERROR" ? origin : undefined;
}

function isOurs({ extensions }: GraphQLError): boolean {
  return extensions.code === undefined || extensions.code === "INTERNAL_SERVER_ERROR";
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
