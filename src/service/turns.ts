import { StrataError } from "../domain/errors.js";

/**
 * Lets work on one thing happen one after the other, and work on different things at once. Writers of one document
 * would otherwise all decide on the same state, and all but one of them in vain.
 */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Whether somebody is at work on it. */
  isTaken(name: string): boolean {
    return this.#last.has(name);
  }

  /** @throws StrataError STORE_UNAVAILABLE when its turn has not come in time; the work is then never begun */
  async take<T>(name: string, withinMs: number, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name);
    if (before === undefined) return this.#run(name, Promise.resolve(), work);
    let hasGivenUp = false;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        hasGivenUp = true;
        reject(
          new StrataError(
            "STORE_UNAVAILABLE",
            "Nothing was written: others were writing the same config. Try again.",
          ),
        );
      }, withinMs);
    });
    const turn = this.#run(name, before, () => {
      clearTimeout(timer);
      return hasGivenUp ? patience : work();
    });
    return Promise.race([turn, patience]);
  }

  async #run<T>(name: string, before: Promise<unknown>, work: () => Promise<T>): Promise<T> {
    const mine = before.then(work, work);
    this.#last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(name) === mine) this.#last.delete(name);
    }
  }
}
