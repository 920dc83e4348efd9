import type { IncomingMessage } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import { endRequestSpan, traceIdOf } from "../telemetry/spans.js";
import { traceParentIn } from "../telemetry/trace-parent.js";
import type { Metrics } from "./metrics/metrics.js";
import { addNotes, type LoggedNotes, type OperationNotes, type RequestNotes } from "./request-notes.js";

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
  const loggers = new OperationLoggers(logger);
  return ({ request, requestId, address, route, status, milliseconds, notes }) => {
    const { method = "", url = "", headers } = request;
    metrics.httpRequest(method, route, status, milliseconds / 1_000);
    const traceId = traceIdOf(request) ?? traceParentIn(headers.traceparent)?.traceId;
    endRequestSpan(request, route, status, () => attributesOf(notes?.operation));
    const line: RequestLine = {
      requestId,
      address,
      trace_id: traceId,
      method,
      path: pathOf(url).slice(0, LOGGED_PATH),
      status,
      milliseconds: Math.round(milliseconds * 100) / 100,
    };
    if (notes !== undefined) addNotes(line, notes);
    loggers.of(line, notes).info(line, "request");
  };
}

interface RequestLine extends LoggedNotes {
  readonly requestId: string;
  readonly address: string;
  readonly trace_id: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly milliseconds: number;
  outcomes?: readonly string[] | undefined;
}

/** Loggers that have the notes of an operation as text: the same few operations come again and again. */
class OperationLoggers {
  readonly #loggers = new WeakMap<OperationNotes, FastifyBaseLogger>();
  readonly #successes = new WeakMap<OperationNotes, FastifyBaseLogger>();

  constructor(private readonly logger: FastifyBaseLogger) {}

  /** Puts into the line what the logger does not add by itself. */
  of(line: RequestLine, { operation, outcomes }: RequestNotes = {}): FastifyBaseLogger {
    const isSuccess = outcomes?.length === 1 && outcomes[0] === "ok";
    if (operation === undefined || !isSuccess) line.outcomes = outcomes;
    if (operation === undefined) return this.logger;
    const loggers = isSuccess ? this.#successes : this.#loggers;
    let logger = loggers.get(operation);
    if (logger === undefined) {
      logger = this.logger.child({ ...operation, ...(isSuccess && { outcomes }) });
      loggers.set(operation, logger);
    }
    return logger;
  }
}

/** Of the request's span, by OpenTelemetry's names for them. */
function attributesOf(operation: OperationNotes | undefined): Record<string, string> {
  if (operation === undefined) return {};
  const { operationType, operationName, rootFields } = operation;
  return {
    "graphql.operation.type": operationType,
    ...(operationName !== undefined && { "graphql.operation.name": operationName }),
    "strata.root_fields": rootFields.join(" "),
  };
}

/** Without the query, which may hold what does not belong in a log. */
function pathOf(url: string): string {
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}
