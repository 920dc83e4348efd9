import type { FastifyBaseLogger } from "fastify";
import type { Metrics } from "./metrics.js";

/** A request that has been answered. */
export interface AnsweredRequest {
  readonly requestId: string;
  /** Of the client. */
  readonly address: string;
  readonly method: string;
  readonly url: string;
  /** The pattern that it was for; `none` where there is nothing. */
  readonly route: string;
  readonly status: number;
  readonly milliseconds: number;
}
export type TellRequest = (request: AnsweredRequest) => void;

/** Characters of a path that a log line shows. */
const LOGGED_PATH = 256;

/** One line of the log, and one count, for every request. */
export function createRequestLog(logger: FastifyBaseLogger, metrics: Metrics): TellRequest {
  return ({ requestId, address, method, url, route, status, milliseconds }) => {
    metrics.httpRequest(method, route, status, milliseconds / 1_000);
    logger.info(
      {
        requestId,
        address,
        method,
        path: pathOf(url).slice(0, LOGGED_PATH),
        status,
        milliseconds: Math.round(milliseconds * 100) / 100,
      },
      "request",
    );
  };
}

/** Without the query, which may hold what does not belong in a log. */
export function pathOf(url: string): string {
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}
