import { STATUS_CODES } from "node:http";
import type { FastifyError } from "fastify";
import { type ErrorCode, StrataError } from "../domain/errors.js";
import { type Answer, refusal } from "./answer.js";

/** A code that is added to the domain has to be given a status here. */
const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  ACCOUNT_CYCLE: 409,
  ACCOUNT_EXISTS: 409,
  ACCOUNT_HAS_CHILDREN: 409,
  ACCOUNT_NOT_FOUND: 404,
  BAD_USER_INPUT: 400,
  CONFIG_NOT_FOUND: 404,
  FORBIDDEN: 403,
  INTERNAL_SERVER_ERROR: 500,
  QUERY_TOO_COMPLEX: 400,
  RATE_LIMITED: 429,
  REVISION_NOT_FOUND: 404,
  STORE_UNAVAILABLE: 503,
  UNAUTHENTICATED: 401,
  // Unlike with 503, something may have been written.
  WRITE_OUTCOME_UNKNOWN: 504,
};

/** Seconds after which asking again makes sense. */
const RETRY_AFTER = 1;
/** KAZOO's message for an unknown id; its clients compare the text. */
const BAD_IDENTIFIER = "bad_identifier";

/** The target of the request, as far as an error response names it, and the id that finds the error in the log. */
export interface Asked {
  readonly incident: string;
  readonly accountId?: string | undefined;
  readonly configId?: string | undefined;
}

/** The response for an error; for an unexpected one it holds only the id under which the log has it. */
export function answerError(error: FastifyError | StrataError, asked: Asked): Answer {
  if (error instanceof StrataError && error.code !== "INTERNAL_SERVER_ERROR")
    return answerKnown(error, asked);
  const status = (error as FastifyError).statusCode ?? 500;
  if (status >= 500) {
    const message = `Something went wrong on our side. Incident ${asked.incident}.`;
    return refusal(500, message, { incident: asked.incident });
  }
  // Not in fastify's words, which may quote the request.
  if (error.code !== "FST_ERR_CTP_BODY_TOO_LARGE")
    return refusal(status, `${STATUS_CODES[status] ?? "Bad Request"}.`);
  return refusal(status, "The body is over the limit of 1 MiB.", { limit: "body" });
}

function answerKnown(error: StrataError, { accountId, configId }: Asked): Answer {
  const { code, message, pointer, limit } = error;
  if (code === "ACCOUNT_NOT_FOUND")
    return refusal(STATUS_OF[code], BAD_IDENTIFIER, { cause: accountId, message });
  if (code === "CONFIG_NOT_FOUND") {
    return refusal(STATUS_OF[code], BAD_IDENTIFIER, {
      cause: configId,
      message: "Accounts have no config of this id.",
    });
  }
  // Set where HTTP is more exact than the code is: 415, 421.
  const { statusCode } = error as { statusCode?: number };
  const status = limit === "document" ? 413 : (statusCode ?? STATUS_OF[code]);
  // The ids are in the path there, under KAZOO's names.
  const place = pointer?.replace(/^\/(account|config)Id$/, "/$1_id");
  const data = { ...(place !== undefined && { pointer: place }), ...(limit !== undefined && { limit }) };
  const retryAfter = error.retryAfter ?? (status === 503 ? RETRY_AFTER : undefined);
  return refusal(
    status,
    message,
    data,
    retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) },
  );
}
