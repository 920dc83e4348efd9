import type { IncomingMessage } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import { endRequestSpan, traceIdOf } from "../telemetry/spans.js";
import { traceParentIn } from "../telemetry/trace-parent.js";
import type { Metrics } from "./metrics.js";
import { loggedNotes, type RequestNotes } from "./request-notes.js";

/** A request that has been answered. */
export interface AnsweredRequest {
  /** As it came: a face may see another URL. */
  readonly request: Pick<IncomingMessage, "method" | "url" | "headers">;
  readonly requestId: string;
  /** Of the client. */
  readonly address: string;
  /** The pattern that it was for; `none` where there is nothing. */
  readonly route: string;
  readonly status: number;
  readonly milliseconds: number;
  readonly notes?: RequestNotes | undefined;
}
export type TellRequest = (request: AnsweredRequest) => void;

/** Characters of a path that a log line shows. */
const LOGGED_PATH = 256;

/** One line of the log, and one count, for every request. */
export function createRequestLog(logger: FastifyBaseLogger, metrics: Metrics): TellRequest {
  return ({ request, requestId, address, route, status, milliseconds, notes }) => {
    const { method = "", url = "", headers } = request;
    metrics.httpRequest(method, route, status, milliseconds / 1_000);
    const traceId = traceIdOf(request) ?? traceParentIn(headers.traceparent)?.traceId;
    endRequestSpan(request, route, status, attributesOf(notes));
    logger.info(
      {
        requestId,
        address,
        ...(traceId !== undefined && { trace_id: traceId }),
        method,
        path: pathOf(url).slice(0, LOGGED_PATH),
        status,
        milliseconds: Math.round(milliseconds * 100) / 100,
        ...(notes !== undefined && loggedNotes(notes)),
      },
      "request",
    );
  };
}

/** Of the request's span, by OpenTelemetry's names for them. */
function attributesOf({
  operationType,
  operationName,
  rootFields,
}: RequestNotes = {}): Record<string, string> {
  return {
    ...(operationType !== undefined && { "graphql.operation.type": operationType }),
    ...(operationName !== undefined && { "graphql.operation.name": operationName }),
    ...(rootFields !== undefined && { "strata.root_fields": rootFields.join(" ") }),
  };
}

/** Without the query, which may hold what does not belong in a log. */
export function pathOf(url: string): string {
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}
