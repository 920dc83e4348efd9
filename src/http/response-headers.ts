import type { IncomingMessage } from "node:http";
import { SECURITY_HEADERS } from "./security-headers.js";

/** Headers by their names in lower case. */
export type Headers = Readonly<Record<string, string>>;

/** The headers of a response beside those of its content: names, in lower case, and values in turn. */
export type ResponseHeaders = (request: Pick<IncomingMessage, "headers">, requestId: string) => string[];

export interface ResponseHeadersOptions {
  /** Whose pages may read responses. */
  readonly corsOrigins: readonly string[];
  /** What a response says of the caller's rate. */
  readonly limitsOf?: ((request: object) => Headers | undefined) | undefined;
  /** Request headers that the content depends on, beside `Origin` and `Accept-Encoding`. */
  readonly varyingBy?: readonly string[];
  /** Headers of the content that pages may read. */
  readonly exposed?: readonly string[];
}

const EXPOSED = ["X-Request-ID", "Retry-After", "WWW-Authenticate", "RateLimit", "RateLimit-Policy"];

/** The one place where they are made, anew for each response: for cached, compiled and all other responses alike. */
export function createResponseHeaders({
  corsOrigins,
  limitsOf = () => undefined,
  varyingBy = [],
  exposed = [],
}: ResponseHeadersOptions): ResponseHeaders {
  const allowed = new Set(corsOrigins);
  // A list: to copy an object takes several microseconds.
  const always: readonly string[] = [
    ...Object.entries(SECURITY_HEADERS).flat(),
    ...["vary", ["Origin", ...varyingBy, "Accept-Encoding"].join(", ")],
    ...["access-control-expose-headers", [...EXPOSED, ...exposed].join(", ")],
  ];
  return (request, requestId) => {
    const { origin } = request.headers;
    const headers = [...always, "x-request-id", requestId];
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
