import { STATUS_CODES } from "node:http";
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from "fastify";
import { type ErrorCode, StrataError } from "../domain/errors.js";
import { BODY_LIMIT } from "./json-body.js";
import type { RequestRefusal } from "./request-refusal.js";

export interface ErrorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Errors that are told before a face sees the request, and whose status is not 400. */
const STATUS_OF: Readonly<Partial<Record<ErrorCode, number>>> = { RATE_LIMITED: 429, UNAUTHENTICATED: 401 };
export const NOT_FOUND = errorBody("NOT_FOUND", "There is nothing here. GraphQL is at POST /graphql.");

/** The response for an error outside of both APIs. It never quotes the request: some errors of fastify do. */
export function errorResponse(error: unknown, requestId: string, logger: FastifyBaseLogger): ErrorResponse {
  if (error instanceof StrataError) {
    const { code, message, pointer, limit, retryAfter } = error;
    const extensions = { ...(pointer !== undefined && { pointer }), ...(limit !== undefined && { limit }) };
    return {
      status: statusOf(error) ?? STATUS_OF[code] ?? 400,
      headers: retryAfter === undefined ? {} : { "retry-after": String(retryAfter) },
      body: errorBody(code, message, extensions),
    };
  }
  const status = statusOf(error) ?? 500;
  if (status === 413) return { status, headers: BODY_TOO_LARGE.headers, body: refusalBody(BODY_TOO_LARGE) };
  if (status < 500)
    return {
      status,
      headers: {},
      body: errorBody("BAD_USER_INPUT", `${STATUS_CODES[status] ?? "Bad Request"}.`),
    };
  logger.error({ requestId, err: error, incident: requestId }, "unexpected error");
  const message = `Something went wrong on our side. Incident ${requestId}.`;
  return {
    status: 500,
    headers: {},
    body: errorBody("INTERNAL_SERVER_ERROR", message, { incident: requestId }),
  };
}

/** `errorResponse`, for fastify. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, headers, body } = errorResponse(error, request.id, request.log);
  return reply
    .code(status)
    .headers({ "x-request-id": request.id, ...headers })
    .send(body);
}

function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number } | null)?.statusCode;
}

/** The rest of such a body is not waited for. */
export const BODY_TOO_LARGE = {
  status: 413,
  message: `The body is over the limit of ${BODY_LIMIT} bytes.`,
  limit: "body",
  headers: { connection: "close" },
} as const;

/** Of a request that no face gets to see. */
export function refusalBody({ message, limit }: RequestRefusal): unknown {
  return errorBody("BAD_USER_INPUT", message, limit === undefined ? {} : { limit });
}

/** The shape of GraphQL errors, so that clients of the endpoint have one shape to read. */
export function errorBody(code: string, message: string, extensions: Record<string, string> = {}): unknown {
  return { errors: [{ message, extensions: { code, ...extensions } }] };
}
