/** Who wants to hear that there may be new commits. */
export class CommitFollowers {
  readonly #wakes = new Set<() => void>();

  get size(): number {
    return this.#wakes.size;
  }

  /** @returns what takes it out again */
  add(wake: () => void): () => void {
    // Each call counts by itself, also with the same function.
    const own = () => wake();
    this.#wakes.add(own);
    return () => {
      this.#wakes.delete(own);
    };
  }

  tell(): void {
    for (const wake of [...this.#wakes]) wake();
  }
}
