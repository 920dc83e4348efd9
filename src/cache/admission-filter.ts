/** As much of a cache as says how long an entry stays in it. */
interface Fill {
  readonly size: number;
  readonly calculatedSize: number;
  readonly maxSize: number;
}

/** Share of the cache's size beyond which every new entry evicts another one. */
const FULL = 0.9;
/** Uses of a key count as recent within so many uses per entry of the cache: an older entry would have been evicted. */
const RECENT = 4;
/** Bytes of a cache for each key that is told apart; few entries are smaller. */
const BYTES_PER_KEY = 512;
const [LEAST_KEYS, MOST_KEYS] = [2 ** 10, 2 ** 17];

/**
 * Admits a key to a cache on its second recent use. A value that is used once would evict values that are used all the
 * time, and costs more to keep and to collect than to make. The filter forgets, and may take one key for another: a value
 * is then admitted a little later, or a little earlier, than it should be.
 */
export class AdmissionFilter {
  /** By a hash of the key: which key was used there last, and when, counted in uses. */
  readonly #marks: Uint32Array;
  readonly #times: Uint32Array;
  #now = 0;

  /** @param bytes that the cache has */
  constructor(bytes: number) {
    const keys = Math.min(MOST_KEYS, Math.max(LEAST_KEYS, bytes / BYTES_PER_KEY));
    const slots = 2 ** Math.ceil(Math.log2(keys));
    this.#marks = new Uint32Array(slots);
    this.#times = new Uint32Array(slots);
  }

  /** Notes a use. @returns whether it is the second one; of a full cache: within the time that entries stay in it */
  admits(key: string, { size, calculatedSize, maxSize }: Fill): boolean {
    const mark = markOf(key);
    const slot = mark % this.#marks.length;
    const age = this.#now - (this.#times[slot] ?? 0);
    const isRecent = calculatedSize < FULL * maxSize || age <= RECENT * size;
    const isAdmitted = this.#marks[slot] === mark && isRecent;
    this.#marks[slot] = mark;
    this.#times[slot] = this.#now++;
    return isAdmitted;
  }
}

/** FNV-1a. */
function markOf(key: string): number {
  let mark = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) mark = Math.imul(mark ^ key.charCodeAt(at), 0x01000193);
  return mark >>> 0;
}
