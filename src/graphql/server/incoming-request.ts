import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { HeaderMap } from "@apollo/server";

/** As much of a request as says what is asked for. */
export type AskedRequest = Pick<IncomingMessage, "method" | "url" | "headers">;

const SEARCH_MARK = "?".charCodeAt(0);

/** The search of the URL; empty for a POST, which is asked for by its body. */
export function searchIn({ method, url = "" }: AskedRequest): string {
  return method === "POST" ? "" : new URL(url, "http://localhost").search;
}

/** Whether nothing about the request itself can be wrong. Of any other, Apollo Server says what is. */
export function isPlain({ method, headers }: AskedRequest): boolean {
  return method === "POST" || (method === "GET" && headers["content-type"] === undefined);
}

/** What the response is cached under; undefined where it is not. No JSON begins like the search of a URL. */
export function cacheKeyOf(request: AskedRequest, body: Buffer | undefined): Buffer | undefined {
  if (request.method === "POST") return body?.[0] === SEARCH_MARK ? undefined : body;
  const search = searchIn(request);
  return isPlain(request) && search !== "" ? Buffer.from(search) : undefined;
}

/** The headers as Apollo Server wants them. */
export function headerMapOf(headers: IncomingHttpHeaders): HeaderMap {
  const map = new HeaderMap();
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(", ") : value);
  return map;
}
