import { STATUS_CODES } from "node:http";
import { type ErrorCode, StrataError } from "../domain/errors.js";
import { NO_SUCH_ACCOUNT } from "./evaluation-request.js";
import { OfrepRefusal } from "./ofrep-refusal.js";

/** Of the errors that a read can end with; what is not here is a fault of ours. */
const STATUS_OF: Readonly<Partial<Record<ErrorCode, number>>> = {
  BAD_USER_INPUT: 400,
  CONFIG_NOT_FOUND: 400,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  STORE_UNAVAILABLE: 503,
  UNAUTHENTICATED: 401,
};

/** Seconds after which asking again makes sense, where nobody says more. */
const RETRY_AFTER = 1;

/** What the protocol says of an error; of an unexpected one only the id under which the log has it. */
export function refusalOf(error: unknown, incident: string): OfrepRefusal {
  if (error instanceof OfrepRefusal) return error;
  if (error instanceof StrataError) {
    if (error.code === "ACCOUNT_NOT_FOUND") return new OfrepRefusal(400, "INVALID_CONTEXT", NO_SUCH_ACCOUNT);
    const status = statusOf(error) ?? STATUS_OF[error.code];
    if (status !== undefined) return known(error, status);
  }
  const status = statusOf(error) ?? 500;
  if (status >= 500)
    return new OfrepRefusal(500, "GENERAL", `Something went wrong on our side. Incident ${incident}.`);
  // Not in fastify's words, which may quote the request.
  const message =
    status === 413 ? "The body is over the limit of 1 MiB." : `${STATUS_CODES[status] ?? "Bad Request"}.`;
  return new OfrepRefusal(status, "PARSE_ERROR", message);
}

function known(error: StrataError, status: number): OfrepRefusal {
  const retryAfter = error.retryAfter ?? (status === 503 ? RETRY_AFTER : undefined);
  const headers = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
  // Of a read, only the body is the caller's to spell.
  const code = error.code === "BAD_USER_INPUT" ? "PARSE_ERROR" : "GENERAL";
  return new OfrepRefusal(status, code, error.message, headers);
}

/** Set where HTTP is more exact than a code is: 413, 415. */
function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number } | null)?.statusCode;
}
