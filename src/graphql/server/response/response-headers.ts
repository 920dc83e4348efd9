import type { IncomingMessage } from "node:http";
import { SECURITY_HEADERS } from "../../../http/security-headers.js";

/** Headers by their names in lower case. */
export type Headers = Readonly<Record<string, string>>;

/** The headers of a response beside those of its content: names, in lower case, and values in turn. */
export type ResponseHeaders = (request: Pick<IncomingMessage, "headers">, requestId: string) => string[];

// A list: to copy an object takes several microseconds.
const ALWAYS: readonly string[] = [
  ...Object.entries(SECURITY_HEADERS).flat(),
  ...["vary", "Origin, Accept, Accept-Encoding"],
  "access-control-expose-headers",
  "X-Request-ID, Retry-After, WWW-Authenticate, RateLimit, RateLimit-Policy",
];

/**
 * The one place where they are made, anew for each response: for cached, compiled and all other responses alike.
 * @param corsOrigins whose pages may read responses
 * @param limitsOf what a response says of the caller's rate
 */
export function createResponseHeaders(
  corsOrigins: readonly string[],
  limitsOf: (request: object) => Headers | undefined = () => undefined,
): ResponseHeaders {
  const allowed = new Set(corsOrigins);
  return (request, requestId) => {
    const { origin } = request.headers;
    const headers = [...ALWAYS, "x-request-id", requestId];
    const limits = limitsOf(request);
    if (limits !== undefined) headers.push(...Object.entries(limits).flat());
    if (origin !== undefined && allowed.has(origin)) headers.push("access-control-allow-origin", origin);
    return headers;
  };
}

/** Adds the headers of the content, over those of the same names. */
export function withContent(headers: readonly string[], content: Headers): string[] {
  const all = [...headers];
  for (const name in content) {
    const value = content[name] ?? "";
    const at = all.indexOf(name);
    if (at < 0) all.push(name, value);
    else all[at + 1] = value;
  }
  return all;
}
