/** Names that are remembered, about: what comes again later than that would have been pushed out by then. */
const SLOTS = 2 ** 13;

/**
 * Tells what comes again: only that is worth remembering. What is asked for once would push out what others ask for all
 * the time, and costs more to keep and to collect than to make. It forgets, and may take one name for another: then
 * something is kept a little later, or a little earlier, than it should be.
 */
export class Recurrence {
  readonly #marks = new Uint32Array(SLOTS);

  /** Whether the name has come before, lately. */
  isAgain(name: string): boolean {
    const mark = markOf(name);
    const slot = mark % SLOTS;
    if (this.#marks[slot] === mark) return true;
    this.#marks[slot] = mark;
    return false;
  }
}

/** FNV-1a. */
function markOf(name: string): number {
  let mark = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) mark = Math.imul(mark ^ name.charCodeAt(at), 0x01000193);
  return mark >>> 0;
}
