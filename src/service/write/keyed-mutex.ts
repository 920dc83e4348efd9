import { StrataError } from "../../domain/errors.js";

/**
 * Lets work on one thing happen one after the other, and work on different things at once. Writers of one document
 * would otherwise all decide on the same state, and all but one of them in vain.
 */
export class KeyedMutex {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Whether work on it is under way. */
  isLocked(key: string): boolean {
    return this.#last.has(key);
  }

  /** @throws StrataError STORE_UNAVAILABLE when the work could not begin in time; it is then never begun */
  async run<T>(key: string, withinMs: number, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    if (before === undefined) return this.#chain(key, Promise.resolve(), work);
    let hasTimedOut = false;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        hasTimedOut = true;
        reject(
          new StrataError(
            "STORE_UNAVAILABLE",
            "Nothing was written: others were writing the same config. Try again.",
          ),
        );
      }, withinMs);
    });
    const mine = this.#chain(key, before, () => {
      clearTimeout(timer);
      return hasTimedOut ? timeout : work();
    });
    return Promise.race([mine, timeout]);
  }

  async #chain<T>(key: string, before: Promise<unknown>, work: () => Promise<T>): Promise<T> {
    const mine = before.then(work, work);
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
