import type { IncomingHttpHeaders } from "node:http";
import type { Headers } from "./response-headers.js";

/** Seconds that a browser need not ask again. */
const MAX_AGE = "600";

/** What a CORS preflight is told of methods and headers; undefined: this is none. The headers for the origin come with every response. */
export function preflightHeaders(
  headers: IncomingHttpHeaders,
  methods: readonly string[],
): Headers | undefined {
  if (!headers.origin || !headers["access-control-request-method"]) return undefined;
  const asked = headers["access-control-request-headers"];
  return {
    vary: "Origin, Access-Control-Request-Headers, Accept, Accept-Encoding",
    "access-control-allow-methods": methods.join(", "),
    "access-control-max-age": MAX_AGE,
    ...(asked !== undefined && { "access-control-allow-headers": asked }),
  };
}
