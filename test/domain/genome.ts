/** Makes choices out of bytes, for generators that fast-check can shrink: fewer and smaller bytes choose what comes first. */
export class Genome {
  #at = 0;
  constructor(private readonly bytes: Uint8Array) {}

  next(below: number): number {
    return (this.bytes[this.#at++] ?? 0) % below;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.next(values.length)] as T;
  }
}
