import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** The token that a caller sent, in KAZOO's header or in the standard one; undefined when there is none. */
export function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const own = headers["x-auth-token"];
  if (typeof own === "string" && own !== "") return own;
  return /^Bearer +(\S+)/i.exec(headers.authorization ?? "")?.[1];
}

/** Names a token without being of any use in its place; "" when there is none. */
export function tokenId(headers: IncomingHttpHeaders): string {
  const token = tokenOf(headers);
  return token === undefined ? "" : createHash("sha256").update(token).digest("hex").slice(0, 32);
}
