import type { IncomingMessage } from "node:http";
import { SECURITY_HEADERS } from "../../http/security-headers.js";

export type Headers = Readonly<Record<string, string>>;

/** The headers of a response beside those that depend on its content, by their names in lower case. */
export type ResponseHeaders = (request: Pick<IncomingMessage, "headers">, requestId: string) => Headers;

const ALWAYS = {
  ...lowerCased(SECURITY_HEADERS),
  vary: "Origin",
  "access-control-expose-headers": "X-Request-ID",
};

/**
 * The one place where they are made, anew for each response: for cached, compiled and all other responses alike.
 * @param corsOrigins whose pages may read responses
 */
export function createResponseHeaders(corsOrigins: readonly string[]): ResponseHeaders {
  const allowed = new Set(corsOrigins);
  return ({ headers: { origin } }, requestId) => {
    const headers = { ...ALWAYS, "x-request-id": requestId };
    return origin !== undefined && allowed.has(origin)
      ? { ...headers, "access-control-allow-origin": origin }
      : headers;
  };
}

export function lowerCased(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
