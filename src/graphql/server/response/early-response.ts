import type { IncomingMessage } from "node:http";
import type { ReadClient } from "../../../http/client-address.js";
import { BODY_TOO_LARGE, errorBody, refusalBody } from "../../../http/error-response.js";
import type { HttpResponse } from "../../../http/http-response.js";
import { BODY_LIMIT, checkCharset } from "../../../http/json-body.js";
import { landingPage, wantsPage } from "../../../http/page/landing-page.js";
import { preflightHeaders } from "../../../http/preflight.js";
import { type RequestRefusal, refusalOf } from "../../../http/request-refusal.js";
import { PAGE_HEADERS } from "../../../http/security-headers.js";
import { jsonResponse } from "./graphql-response.js";

const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "OPTIONS"]);
const NO_METHOD = errorBody("BAD_USER_INPUT", `This takes ${[...METHODS].join(", ")}.`);
const PLAIN_JSON = "application/json";
const JSON_TYPE = /^application\/json\s*(;|$)/i;
const MEDIA_TYPE = /^\s*[^\s/;]+\/[^\s/;]+\s*(;|$)/;

/**
 * Refuses what needs no token to be refused: by its headers, method, type and size.
 * @throws StrataError (415) for another charset than UTF-8
 */
export function refuse(request: IncomingMessage, loopbackOnly: boolean): HttpResponse | undefined {
  const { method = "", headers } = request;
  const { accept } = headers;
  const refusal = refusalOf(request, loopbackOnly);
  if (refusal !== undefined) return refused(accept, refusal);
  if (!METHODS.has(method)) return jsonResponse(accept, 405, NO_METHOD, { allow: [...METHODS].join(", ") });
  if (method !== "POST") return undefined;
  const { "content-type": type = PLAIN_JSON } = headers;
  if (type !== PLAIN_JSON) {
    if (!MEDIA_TYPE.test(type))
      return jsonResponse(accept, 415, errorBody("BAD_USER_INPUT", "Unsupported Media Type."));
    if (JSON_TYPE.test(type)) checkCharset(type);
  }
  return Number(headers["content-length"]) > BODY_LIMIT ? refused(accept, BODY_TOO_LARGE) : undefined;
}

function refused(accept: string | undefined, refusal: RequestRefusal): HttpResponse {
  return jsonResponse(accept, refusal.status, refusalBody(refusal), refusal.headers);
}

/** Whether the request's body is JSON. No other body is read. */
export function hasJson({ method, headers }: IncomingMessage): boolean {
  const type = headers["content-type"] ?? "";
  return method === "POST" && (type === PLAIN_JSON || JSON_TYPE.test(type));
}

/** The response to a CORS preflight; the headers for the origin itself come with every response. */
export function answerPreflight({ method, headers }: IncomingMessage): HttpResponse | undefined {
  if (method !== "OPTIONS") return undefined;
  const told = preflightHeaders(headers, ["GET", "POST"]);
  if (told === undefined)
    return jsonResponse(
      headers.accept,
      400,
      errorBody("BAD_USER_INPUT", "This is no preflight: it lacks the headers of one."),
    );
  return { status: 204, headers: told, body: "" };
}

/** The page for a browser that opens the endpoint. */
export function pageFor(
  request: IncomingMessage,
  readClient: ReadClient,
  configs: number,
): HttpResponse | undefined {
  if (!wantsPage(request)) return undefined;
  return { status: 200, headers: PAGE_HEADERS, body: landingPage(readClient(request).origin, configs) };
}
