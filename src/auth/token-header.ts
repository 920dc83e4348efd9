import type { IncomingHttpHeaders } from "node:http";
import type { Authenticate } from "./authenticator.js";
import { NOBODY, OPEN_PRINCIPAL, type Principal } from "./principal.js";
import { unauthenticated } from "./unauthenticated.js";

/** The token that a caller sent, in KAZOO's header or in the standard one; undefined when there is none. */
export function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const own = headers["x-auth-token"];
  if (typeof own === "string" && own !== "") return own;
  return bearerOf(headers);
}

/**
 * What a 401 asks for, in `WWW-Authenticate` (RFC 9110, 11.6.1). Where a token came it was not valid (RFC 6750, 3.1), and
 * nothing says why.
 */
export function challengeFor(headers: IncomingHttpHeaders): string {
  return tokenOf(headers) === undefined ? "Bearer" : 'Bearer error="invalid_token"';
}

/**
 * Who sent these headers. Without tokens to ask for (`authenticate` undefined) everybody may do everything.
 * @throws StrataError UNAUTHENTICATED for a token that is not valid, and for two that differ
 */
export async function principalIn(
  headers: IncomingHttpHeaders,
  authenticate: Authenticate | undefined,
): Promise<Principal> {
  if (authenticate === undefined) return OPEN_PRINCIPAL;
  const token = tokenOf(headers);
  if (token === undefined) return NOBODY;
  const bearer = bearerOf(headers);
  if (bearer !== undefined && bearer !== token) throw unauthenticated();
  return authenticate(token);
}

function bearerOf({ authorization = "" }: IncomingHttpHeaders): string | undefined {
  return /^Bearer +(.+)/i.exec(authorization)?.[1];
}
