import type { IncomingMessage } from "node:http";
import { tokenOf } from "../auth/token-header.js";

const READS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Whether a request may be a page of a foreign site writing behind its visitor's back. The content type cannot tell:
 * KAZOO's scripts send what a form could send. A token can: no page can add its header to a request without being asked
 * in a preflight (Basic and the like do not count, browsers add them by themselves). Without a token, a browser has to
 * name an origin of ours; programs that are no browsers name none.
 * @param own the origin of this server, as the client calls it
 * @param trusted origins that may call from elsewhere
 */
export function isCrossSiteWrite(
  { method = "", headers }: Pick<IncomingMessage, "method" | "headers">,
  own: string,
  trusted: readonly string[],
): boolean {
  if (READS.has(method) || tokenOf(headers) !== undefined) return false;
  const { origin } = headers;
  if (origin !== undefined && trusted.includes(origin)) return false;
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") return true;
  return origin !== undefined && origin !== own;
}
