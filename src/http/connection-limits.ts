import { createServer, type RequestListener, type Server } from "node:http";

/** The limit of a request's line and headers together; more is 431. */
export const HEADER_LIMITS = {
  bytes: 16 * 1024,
  /** Browsers and proxies send some thirty. */
  count: 100,
} as const;

/** How long a peer may take, in milliseconds. */
export interface TimeOuts {
  /** To send all headers, counted from the connection on. */
  readonly headers: number;
  /** To send the whole request. */
  readonly request: number;
  /** Without a byte in either direction, while a request or its answer is under way. */
  readonly silence: number;
  /** Between two requests of one connection. Longer than the minute that proxies keep theirs: they are to close first. */
  readonly keepAlive: number;
  /** How often connections are looked at; Node's own half a minute would be added to every one of these. */
  readonly check: number;
}

export const TIME_OUTS: TimeOuts = {
  headers: 10_000,
  request: 30_000,
  silence: 30_000,
  keepAlive: 65_000,
  check: 1_000,
};

/** A server with these limits. How long a connection may last is left to proxies: requests are counted by caller, not by connection. */
export function createNodeServer(timeOuts: TimeOuts, listener: RequestListener): Server {
  const options = {
    requestTimeout: timeOuts.request,
    keepAliveTimeout: timeOuts.keepAlive,
    headersTimeout: timeOuts.headers,
    connectionsCheckingInterval: timeOuts.check,
    maxHeaderSize: HEADER_LIMITS.bytes,
  };
  const server = createServer(options, listener);
  server.setTimeout(timeOuts.silence);
  // All that the bytes allow: older Node drops what is over a count unseen, newer Node refuses it before it knows the path.
  server.maxHeadersCount = 0;
  return server;
}
