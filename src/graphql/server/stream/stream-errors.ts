import type { GraphQLFormattedError } from "graphql";
import { unauthenticated } from "../../../auth/unauthenticated.js";
import { StrataError } from "../../../domain/errors.js";
import type { StreamEnd } from "../../../stream/open-streams.js";

/** What a client is told of a stream that the server ends. */
export function endError(why: StreamEnd): GraphQLFormattedError {
  const { message, code, retryAfter } = why.kind === "expired" ? unauthenticated() : restarting(why.retryMs);
  return { message, extensions: { code, ...(retryAfter !== undefined && { retryAfter }) } };
}

function restarting(retryMs: number): StrataError {
  const message =
    "The server is being stopped. Subscribe again, with the last cursor as `since`: nothing is missed.";
  return new StrataError("STORE_UNAVAILABLE", message, {
    retryAfter: Math.max(1, Math.ceil(retryMs / 1_000)),
  });
}
