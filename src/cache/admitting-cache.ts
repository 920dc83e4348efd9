import { LRUCache } from "lru-cache";
import { AdmissionFilter } from "./admission-filter.js";

export interface AdmittingCacheOptions<V> {
  /** Memory that all entries may take, as far as it can be told. */
  readonly bytes: number;
  /** Larger entries are not cached; absent: any that fits. */
  readonly largestBytes?: number;
  /** The size of an entry, in bytes. Called once for each entry that is admitted. */
  readonly sizeOf: (value: V, key: string) => number;
}

/** The least recently used entries go when the bytes are used up; an offered entry is admitted on the second use of its key. */
export class AdmittingCache<V extends object> {
  readonly #entries: LRUCache<string, V>;
  readonly #filter: AdmissionFilter;
  readonly #isTooLarge: (value: V, key: string) => boolean;

  constructor({ bytes, largestBytes = bytes, sizeOf }: AdmittingCacheOptions<V>) {
    const maxSize = Math.ceil(bytes);
    this.#entries = new LRUCache({
      maxSize,
      maxEntrySize: Math.ceil(largestBytes),
      // The library takes whole numbers only.
      sizeCalculation: (value, key) => Math.ceil(sizeOf(value, key)),
    });
    this.#filter = new AdmissionFilter(maxSize);
    this.#isTooLarge = (value, key) => sizeOf(value, key) > largestBytes;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  /** Whether there is an entry; that is no use of it. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Caches a value if its key was used before, recently. */
  offer(key: string, value: V): void {
    if (this.admits(key)) this.put(key, value);
  }

  /** For values that cost something to make: notes a use of the key, and tells whether a value would be cached. */
  admits(key: string): boolean {
    return this.#entries.has(key) || this.#filter.admits(key, this.#entries);
  }

  /** Caches a value at once: many others need it. */
  put(key: string, value: V): void {
    this.#entries.set(key, value);
  }

  /** Counts an entry anew that has grown. @returns false: it may not, and is counted as before, or it is no entry any more */
  resize(key: string, value: V): boolean {
    if (this.#entries.peek(key) !== value || this.#isTooLarge(value, key)) return false;
    // To set the same value again would not count it anew.
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return true;
  }
}
