import type { IncomingMessage } from "node:http";
import { SECURITY_HEADERS } from "../../http/security-headers.js";

/** On every response of the endpoint. */
const ALWAYS = {
  ...lowerCased(SECURITY_HEADERS),
  vary: "Origin",
  "access-control-expose-headers": "X-Request-ID",
};

export type Headers = Readonly<Record<string, string>>;

/**
 * The headers of a response, by their names in lower case: the one place where they are made, for cached, compiled and all
 * other responses. What depends on the content (its type, its length) comes with the response, and is put over these.
 */
export function responseHeaders(
  { headers: { origin } }: Pick<IncomingMessage, "headers">,
  requestId: string,
  corsOrigins: ReadonlySet<string>,
): Headers {
  const headers = { ...ALWAYS, "x-request-id": requestId };
  return origin !== undefined && corsOrigins.has(origin)
    ? { ...headers, "access-control-allow-origin": origin }
    : headers;
}

export function lowerCased(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
