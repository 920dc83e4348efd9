import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { tokenOf } from "../../auth/token-header.js";
import { errorBody } from "../../http/error-response.js";
import type { HttpResponse } from "../../http/http-response.js";
import { jsonResponse } from "./response/graphql-response.js";

/** Headers without a meaning of their own here. A browser asks in a preflight before it sends one for another site's page. */
const PREFLIGHTED = ["graphql-require-preflight", "apollo-require-preflight", "x-apollo-operation-name"];
/** Bodies that the form of any page can send. */
const FORM_TYPE = /^\s*(application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\s*(;|$)/i;
const MEDIA_TYPE = /^\s*[^\s/;,]+\/[^\s/;,]+\s*(;|$)/;
/** Schemes of which a browser remembers the credentials, and sends them along by itself. */
const REMEMBERED = /^(basic|digest|negotiate|ntlm)\b/i;

const MESSAGE =
  "This could come from a plain link or form of another site (CSRF). Send the header GraphQL-Require-Preflight, a token in " +
  "Authorization or X-Auth-Token, or a body of the content type application/json.";

/**
 * Refuses a request that a page of another site could send without the browser asking first whether it may.
 * @param isEventStream whether `Accept` names server-sent events: a plain link or form cannot, and an `EventSource`, which can send no
 * other header, comes with the origin of its page
 */
export function refuseCrossSite(
  { method, headers }: Pick<IncomingMessage, "method" | "headers">,
  origins: Origins,
  isEventStream: boolean,
): HttpResponse | undefined {
  if (isPreflighted(headers)) return undefined;
  if (isEventStream && method === "GET" && !isForeignOrigin(headers, origins)) return undefined;
  return jsonResponse(headers.accept, 400, errorBody("BAD_REQUEST", MESSAGE));
}

export interface Origins {
  /** What the client calls this server. */
  readonly own: string;
  /** Those whose pages may read responses. */
  readonly allowed: readonly string[];
}

/** Whether a browser says that the page of another site is behind a request. Programs that are no browsers say nothing. */
export function isForeignOrigin(
  { origin, "sec-fetch-site": site }: IncomingHttpHeaders,
  { own, allowed }: Origins,
): boolean {
  if (origin !== undefined) return origin !== own && !allowed.includes(origin);
  return site !== undefined && site !== "same-origin" && site !== "none";
}

/** A header counts if there is something in it. */
function isPreflighted(headers: IncomingHttpHeaders): boolean {
  const { authorization = "", "content-type": type } = headers;
  if (type !== undefined && MEDIA_TYPE.test(type) && !FORM_TYPE.test(type)) return true;
  if (PREFLIGHTED.some((name) => /\S/.test(String(headers[name] ?? "")))) return true;
  return tokenOf(headers) !== undefined || (/\S/.test(authorization) && !REMEMBERED.test(authorization));
}
