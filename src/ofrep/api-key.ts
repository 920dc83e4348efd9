import type { IncomingHttpHeaders } from "node:http";
import { tokenOf } from "../auth/token-header.js";

/**
 * Headers in which the token of `X-API-Key`, where the protocol has it, is in a place where it is looked for. One that differs from
 * another token of the request is kept beside that: two that differ are refused, as everywhere.
 */
export function withApiKey(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const key = headers["x-api-key"];
  if (typeof key !== "string" || key === "") return headers;
  const token = tokenOf(headers);
  if (token === undefined || token === key) return { ...headers, "x-auth-token": key };
  return { ...headers, "x-auth-token": token, authorization: `Bearer ${key}` };
}
