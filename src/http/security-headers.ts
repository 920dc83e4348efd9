/**
 * On every answer, unless a route says otherwise: it is what it says it is, stays out of caches and frames, and is read
 * by other sites only where CORS lets them. Strict-Transport-Security is for whoever ends TLS to send.
 */
export const SECURITY_HEADERS = {
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
} as const;

/** What all pages forbid; what a page needs is added to it. */
const CLOSED = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** For pages of text: no script runs there. */
export const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": `default-src 'none'; style-src 'self'; img-src 'self'; ${CLOSED}`,
} as const;

/** A worker obeys the policy that its own file came with, so it is given to every file. */
export const ASSET_HEADERS = {
  "cache-control": "public, max-age=31536000, immutable",
  "content-security-policy": "default-src 'none'; script-src 'self'; frame-ancestors 'none'",
} as const;

/**
 * For pages with scripts: each comes from this server, and speaks with it alone.
 * @param origin what the client calls this server; some browsers do not count its WebSockets to 'self'
 * @param hasEditor whether there is an editor that sets styles on elements, and has fonts in its style sheet
 */
export function scriptedPageHeaders(origin: string, hasEditor: boolean): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self'${hasEditor ? " 'unsafe-inline'" : ""}`,
    `connect-src 'self' ${origin.replace(/^http/, "ws")}`,
    "img-src 'self' data:",
    `font-src 'self'${hasEditor ? " data:" : ""}`,
    "worker-src 'self'",
    CLOSED,
  ];
  return {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy.join("; "),
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-cache",
  };
}
