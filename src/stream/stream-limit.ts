import { StrataError } from "../domain/errors.js";

/** Bounds how many streams each caller has open on this gateway. */
export class StreamLimit {
  readonly #open = new Map<string, number>();

  constructor(private readonly perCaller: number) {}

  /**
   * Counts one more stream of a caller.
   * @returns what gives its place back; the second time it does nothing
   * @throws StrataError RATE_LIMITED, limit `subscriptions`
   */
  take(caller: string): () => void {
    const count = this.#open.get(caller) ?? 0;
    if (count >= this.perCaller) throw tooMany(`${this.perCaller} subscriptions are open for this caller`);
    this.#open.set(caller, count + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const left = (this.#open.get(caller) ?? 1) - 1;
      if (left === 0) this.#open.delete(caller);
      else this.#open.set(caller, left);
    };
  }
}

/** Seconds after which asking again makes sense: others may have ended. */
const RETRY_AFTER = 5;

export function tooMany(what: string): StrataError {
  const message = `${what}: end one before you begin another. One subscription can follow several configs.`;
  return new StrataError("RATE_LIMITED", message, { limit: "subscriptions", retryAfter: RETRY_AFTER });
}
