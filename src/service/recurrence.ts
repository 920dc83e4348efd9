/** As much of a cache as says how long something stays in it. */
interface Cache {
  readonly size: number;
  readonly calculatedSize: number;
  readonly maxSize: number;
}

/** Of its size; beyond it something has to go for whatever comes. */
const FULL = 0.9;
/** In entries of the cache: what comes again later than that would have been pushed out meanwhile. */
const LATELY = 4;
/** Bytes of a cache for each name that is told apart; few entries are smaller. */
const BYTES_PER_NAME = 512;
const [LEAST_NAMES, MOST_NAMES] = [2 ** 10, 2 ** 17];

/**
 * Tells what comes again: only that is worth remembering. What is asked for once would push out what others ask for all
 * the time, and costs more to keep and to collect than to make. It forgets, and may take one name for another: then
 * something is kept a little later, or a little earlier, than it should be.
 */
export class Recurrence {
  /** By a hash of the name: what came there last, and when, counted in names. */
  readonly #marks: Uint32Array;
  readonly #times: Uint32Array;
  #now = 0;

  /** @param bytes that the cache has */
  constructor(bytes: number) {
    const names = Math.min(MOST_NAMES, Math.max(LEAST_NAMES, bytes / BYTES_PER_NAME));
    const slots = 2 ** Math.ceil(Math.log2(names));
    this.#marks = new Uint32Array(slots);
    this.#times = new Uint32Array(slots);
  }

  /** Whether the name has come before; when the cache is full, not longer ago than things stay in it. */
  isAgain(name: string, { size, calculatedSize, maxSize }: Cache): boolean {
    const mark = markOf(name);
    const slot = mark % this.#marks.length;
    const age = this.#now - (this.#times[slot] ?? 0);
    const isLately = calculatedSize < FULL * maxSize || age <= LATELY * size;
    const isAgain = this.#marks[slot] === mark && isLately;
    this.#marks[slot] = mark;
    this.#times[slot] = this.#now++;
    return isAgain;
  }
}

/** FNV-1a. */
function markOf(name: string): number {
  let mark = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) mark = Math.imul(mark ^ name.charCodeAt(at), 0x01000193);
  return mark >>> 0;
}
