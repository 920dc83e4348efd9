import { LRUCache } from "lru-cache";

const HEADERS = 200;

/** A parser of one header's values. Clients send few different ones: each is parsed once. */
export function parsedOnce<T>(parse: (header: string) => T): (header: string) => T {
  const known = new LRUCache<string, { readonly parsed: T }>({ max: HEADERS });
  return (header) => {
    const before = known.get(header);
    if (before !== undefined) return before.parsed;
    const parsed = parse(header);
    known.set(header, { parsed });
    return parsed;
  };
}
