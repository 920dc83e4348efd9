import type { IncomingHttpHeaders } from "node:http";
import type { Headers } from "./response-headers.js";

/** Seconds that a browser need not ask again. */
const MAX_AGE = "600";

/** What a CORS preflight is told of methods and headers; the headers for the origin itself come with every response. */
export function preflightHeaders(headers: IncomingHttpHeaders, methods: readonly string[]): Headers {
  if (!headers.origin || !headers["access-control-request-method"]) return {};
  const asked = headers["access-control-request-headers"];
  return {
    vary: "Origin, Access-Control-Request-Headers, Accept, Accept-Encoding",
    "access-control-allow-methods": methods.join(", "),
    "access-control-max-age": MAX_AGE,
    ...(asked !== undefined && { "access-control-allow-headers": asked }),
  };
}
