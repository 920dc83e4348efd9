/** RFC 9110, 8.8.3: `"…"`, or `W/"…"` for a weak one. */
const ENTITY_TAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g;

export function entityTag(etag: string): string {
  return `"${etag}"`;
}

/** Whether `If-None-Match` names the etag, weakly or not, or is `*`: the caller has the current state already. */
export function isNamed(header: string, etag: string): boolean {
  return header.trim() === "*" || [...header.matchAll(ENTITY_TAG)].some(([, , tag]) => tag === etag);
}

/**
 * The etags that `If-Match` lets a write happen on; undefined: any (`*`, or no header). Weak ones never match, and what
 * cannot be read matches nothing, so that a garbled condition is not taken for none.
 */
export function matchable(header: string | undefined): string[] | undefined {
  if (header === undefined || header.trim() === "*") return undefined;
  return [...header.matchAll(ENTITY_TAG)].flatMap(([, weak, tag = ""]) => (weak === undefined ? [tag] : []));
}
