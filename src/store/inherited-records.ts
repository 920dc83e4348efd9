import { LRUCache } from "lru-cache";
import { parseAccount, storedDocument } from "./records.js";
import type { AccountRecord, StoredDocument } from "./store.js";

/** Characters of records that are kept parsed, of each kind. */
const CHARACTERS = 4 * 2 ** 20;

/**
 * Documents and accounts that many accounts inherit from. As long as a record is the same text it is the same object: it is
 * parsed once, and whatever else is made of it can be kept with the object. The record itself is read each time.
 */
export const inheritedDocument = parsedOnce(storedDocument);
export const ancestor = parsedOnce(parseAccount);

function parsedOnce<T extends StoredDocument | AccountRecord>(
  parse: (record: string) => T,
): (record: string) => T {
  const parsed = new LRUCache<string, T>({
    maxSize: CHARACTERS,
    sizeCalculation: (_, record) => record.length,
  });
  return (record) => {
    const known = parsed.get(record);
    if (known !== undefined) return known;
    const made = parse(record);
    parsed.set(record, made);
    return made;
  };
}
