import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyBaseLogger } from "fastify";
import { contentTypeFor, DEFAULT_TYPE } from "./content-type.js";
import { refusalBody } from "./error-response.js";
import type { Metrics } from "./metrics/metrics.js";
import { type RequestRefusal, TOO_MANY_HEADERS } from "./request-refusal.js";
import { SECURITY_HEADERS } from "./security-headers.js";

interface ClientError extends Error {
  readonly code?: string;
}

/**
 * Answers what never became a whole request: what is no HTTP, too large a head, or too slow. Quotes nothing of it.
 * @param graphqlRequestOn the request to the GraphQL endpoint whose body is on its way: its client says what errors come in
 * @param isAnswering whether a part of a response has been sent, and its end has not: nothing may be written into that
 */
export function createClientErrorHandler(
  logger: FastifyBaseLogger,
  metrics: Metrics,
  graphqlRequestOn: (socket: Socket) => IncomingMessage | undefined,
  isAnswering: (socket: Socket) => boolean,
): (error: ClientError, socket: Socket) => void {
  return ({ code }, socket) => {
    // A client that hung up reads no response.
    if (code === "ECONNRESET" || socket.destroyed) return;
    const refusal = refusalOf(code);
    metrics.httpRequest("none", "none", refusal.status, 0);
    logger.info({ status: refusal.status, code }, "refused before it was a request");
    if (socket.writable && !isAnswering(socket))
      socket.write(textOf(refusal, graphqlRequestOn(socket)?.headers.accept));
    // Do not wait until it is sent: a client that reads nothing would hold the connection.
    socket.destroy();
  };
}

function refusalOf(code: string | undefined): RequestRefusal {
  if (code === "HPE_HEADER_OVERFLOW") return TOO_MANY_HEADERS;
  if (code === "ERR_HTTP_REQUEST_TIMEOUT")
    return { status: 408, message: "The request took too long to come." };
  return { status: 400, message: "This is not HTTP as it should be." };
}

function textOf(refusal: RequestRefusal, accept: string | undefined): string {
  const body = JSON.stringify(refusalBody(refusal));
  const headers = {
    ...SECURITY_HEADERS,
    "Content-Type": contentTypeFor(accept) ?? DEFAULT_TYPE,
    "Content-Length": Buffer.byteLength(body),
    Connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n${lines.join("")}\r\n${body}`;
}
