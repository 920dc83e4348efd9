import { LRUCache } from "lru-cache";
import Negotiator from "negotiator";

/** The media type of errors for a client that accepts none of ours. */
export const DEFAULT_TYPE = "application/json; charset=utf-8";

/** The media types that Apollo Server chooses from, in its order. */
const TYPES = [
  DEFAULT_TYPE,
  "application/graphql-response+json; charset=utf-8",
  "application/json; callbackSpec=1.0; charset=utf-8",
];

/** Clients send few different headers: each is parsed once. */
const known = new LRUCache<string, { readonly type: string | undefined }>({ max: 200 });

/** The content type of a response to a client that accepts these types; undefined: none that it accepts. */
export function contentTypeFor(accept: string | undefined): string | undefined {
  if (!accept || accept === "*/*") return TYPES[0];
  const before = known.get(accept);
  if (before !== undefined) return before.type;
  const type = new Negotiator({ headers: { accept } }).mediaType(TYPES);
  known.set(accept, { type });
  return type;
}
