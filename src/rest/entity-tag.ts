/** RFC 9110, 8.8.3: `"…"`, or `W/"…"` for a weak one. */
const ENTITY_TAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g;

/** A compressed answer has a tag of its own (`http/content-coding.ts`): the same state, in other bytes. */
const CODING = /\.(?:br|gzip)$/;

export function entityTag(etag: string): string {
  return `"${etag}"`;
}

/**
 * The tag by which `If-None-Match` names the etag, weakly or not, compressed or not; `*` names it as it is. The caller has the
 * current state already. Undefined: it has not.
 * @param isCurrent absent: a tag is current that is the etag
 */
export function namedTag(
  header: string,
  etag: string,
  isCurrent = (tag: string) => tag === etag,
): string | undefined {
  if (header.trim() === "*") return etag;
  const tags = [...header.matchAll(ENTITY_TAG)].map(([, , tag = ""]) => tag);
  return tags.find((tag) => isCurrent(withoutCoding(tag)));
}

/**
 * The etags that `If-Match` lets a write happen on; undefined: any (`*`, or no header). Weak ones never match, and what
 * cannot be read matches nothing, so that a garbled condition is not taken for none.
 */
export function matchable(header: string | undefined): string[] | undefined {
  if (header === undefined || header.trim() === "*") return undefined;
  return [...header.matchAll(ENTITY_TAG)].flatMap(([, weak, tag = ""]) =>
    weak === undefined ? [withoutCoding(tag)] : [],
  );
}

function withoutCoding(tag: string): string {
  return tag.replace(CODING, "");
}
