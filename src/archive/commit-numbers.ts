/** Bits for so many numbers in a row. */
const CHUNK = 1_024;

/** Numbers of commits that were seen: they are nearly all there are up to the highest, so each takes about a bit. */
export class CommitNumbers {
  readonly #chunks = new Map<number, Uint8Array>();

  /** @returns false when the number was there already */
  add(number: number): boolean {
    const index = Math.floor(number / CHUNK);
    const chunk = this.#chunks.get(index) ?? new Uint8Array(CHUNK / 8);
    this.#chunks.set(index, chunk);
    const at = number % CHUNK;
    const [byte, bit] = [chunk[at >> 3] ?? 0, 1 << (at & 7)];
    if ((byte & bit) !== 0) return false;
    chunk[at >> 3] = byte | bit;
    return true;
  }
}
