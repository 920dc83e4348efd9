import type { FastifyBaseLogger } from "fastify";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { StrataError } from "../../../domain/errors.js";
import { TooDear } from "../price/too-dear.js";
import { withoutValues } from "./withheld-values.js";

export interface ErrorReport {
  /** The error as the client sees it. */
  readonly mask: (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;
  /** Logs the errors of a request, before they are masked: those that nobody expected, and failures of the store. */
  readonly log: (errors: readonly GraphQLError[], requestId: string) => void;
  /** Logs errors, and makes of them what the client is told: where Apollo Server does not. */
  readonly told: (errors: readonly GraphQLError[], requestId: string) => readonly GraphQLFormattedError[];
}

/**
 * What a client is told of an error. Ours carry their code, pointer, limit and oldest moment; GraphQL's own lose what they quote of the
 * caller's values; of anything else only an incident id leaves the process, and the log says what it was.
 */
export function createErrorReport(logger: FastifyBaseLogger, newId: () => string): ErrorReport {
  const incidents = new WeakMap<object, string>();

  function report(error: unknown, requestId?: string): string {
    const incident = newId();
    logger.error({ requestId, incident, err: originOf(error) }, "unexpected error");
    return incident;
  }

  const errors: Pick<ErrorReport, "mask" | "log"> = {
    mask(formatted, error) {
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
    log(errors, requestId) {
      const refusals = errors.map(refusalIn);
      for (const [index, error] of errors.entries()) {
        if (refusals[index] === undefined && isOurs(error)) incidents.set(error, report(error, requestId));
      }
      // One failure of the store fails all that was read with it.
      for (const err of new Set(refusals.map((refusal) => refusal?.cause))) {
        if (err !== undefined) logger.error({ requestId, err }, "the store failed");
      }
    },
  };
  return {
    ...errors,
    told(found, requestId) {
      errors.log(found, requestId);
      return found.map((error) => errors.mask(formattedOf(error), error));
    },
  };
}

/** As Apollo Server formats an error before it is masked. */
function formattedOf(error: GraphQLError): GraphQLFormattedError {
  const { message, locations, path, extensions } = error;
  return {
    message,
    ...(locations && { locations }),
    ...(path && { path }),
    extensions: { ...extensions, code: extensions.code ?? "INTERNAL_SERVER_ERROR" },
  };
}

export function isUnauthenticated(error: GraphQLError): boolean {
  return refusalIn(error)?.code === "UNAUTHENTICATED";
}

/** The refusal of Strata that an error wraps, if it is one. */
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

function extensionsOf(error: StrataError): Record<string, unknown> {
  const { code, pointer, limit, oldest, retryAfter } = error;
  return {
    code,
    ...(pointer !== undefined && { pointer }),
    ...(limit !== undefined && { limit }),
    ...(oldest !== undefined && { oldest }),
    ...(retryAfter !== undefined && { retryAfter }),
    ...(error instanceof TooDear && error.figures),
  };
}
