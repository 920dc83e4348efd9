import { contentTypeFor, DEFAULT_TYPE } from "../../../http/content-type.js";
import type { HttpResponse } from "../../../http/http-response.js";
import type { Headers } from "../../../http/response-headers.js";

/**
 * An error of a request that is not executed.
 * @param accept what the client accepts: it is told in its media type, for clients handle errors by that
 */
export function jsonResponse(
  accept: string | undefined,
  status: number,
  body: unknown,
  headers: Headers = {},
): HttpResponse {
  const type = { "content-type": contentTypeFor(accept) ?? DEFAULT_TYPE };
  return { status, headers: { ...type, ...headers }, body: JSON.stringify(body) };
}
