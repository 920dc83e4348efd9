import { STATUS_CODES } from "node:http";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { type ErrorCode, StrataError } from "../domain/errors.js";
import { BODY_LIMIT } from "./json-body.js";
import type { RequestRefusal } from "./request-refusal.js";

/** What is refused before a face sees it, where 400 is not the word. */
const STATUS_OF: Readonly<Partial<Record<ErrorCode, number>>> = { RATE_LIMITED: 429, UNAUTHENTICATED: 401 };

/** Never quotes the request: what fastify says of a bad path or content type does. */
export function answerError(
  error: FastifyError | StrataError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  reply.header("X-Request-ID", request.id);
  if (error instanceof StrataError) {
    const { code, message, pointer, limit } = error;
    const extensions = { ...(pointer !== undefined && { pointer }), ...(limit !== undefined && { limit }) };
    if (error.retryAfter !== undefined) reply.header("Retry-After", error.retryAfter);
    return reply.code(statusOf(error) ?? STATUS_OF[code] ?? 400).send(errorBody(code, message, extensions));
  }
  const status = statusOf(error) ?? 500;
  if (status === 413) {
    const message = `The body is over the limit of ${BODY_LIMIT} bytes.`;
    return reply.code(status).send(errorBody("BAD_USER_INPUT", message, { limit: "body" }));
  }
  if (status < 500) {
    return reply.code(status).send(errorBody("BAD_USER_INPUT", `${STATUS_CODES[status] ?? "Bad Request"}.`));
  }
  request.log.error({ err: error, incident: request.id }, "unexpected error");
  const message = `Something went wrong on our side. Incident ${request.id}.`;
  return reply.code(500).send(errorBody("INTERNAL_SERVER_ERROR", message, { incident: request.id }));
}

function statusOf(error: FastifyError | StrataError): number | undefined {
  return (error as { statusCode?: number }).statusCode;
}

/** Of a request that no face gets to see. */
export function refusalBody({ message, limit }: RequestRefusal): unknown {
  return errorBody("BAD_USER_INPUT", message, limit === undefined ? {} : { limit });
}

/** The shape of GraphQL errors, so that clients of the endpoint have one shape to read. */
export function errorBody(code: string, message: string, extensions: Record<string, string> = {}): unknown {
  return { errors: [{ message, extensions: { code, ...extensions } }] };
}
