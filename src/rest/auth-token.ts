import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { tokenOf } from "../auth/token-header.js";

/** Names a token without being of any use in its place; "" when there is none. */
export function tokenId(headers: IncomingHttpHeaders): string {
  const token = tokenOf(headers);
  return token === undefined ? "" : createHash("sha256").update(token).digest("hex").slice(0, 32);
}
