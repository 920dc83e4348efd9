/** Holds back answers while it is closed, so that a test can do something between a read and what is made of it. */
export class Gate {
  #closed: Promise<void> | undefined;
  #open: (() => void) | undefined;
  #told: (() => void)[] = [];

  close(): void {
    this.#closed = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#closed = undefined;
    this.#open?.();
  }

  /** Lets go what it holds back, and resolves once it holds back something again. */
  async step(): Promise<void> {
    this.open();
    this.close();
    await this.held();
  }

  /** Resolves once it holds back another answer. */
  held(): Promise<void> {
    return new Promise((resolve) => this.#told.push(resolve));
  }

  async through<T>(answer: Promise<T>): Promise<T> {
    const found = await answer;
    if (this.#closed !== undefined) {
      for (const tell of this.#told.splice(0)) tell();
      await this.#closed;
    }
    return found;
  }
}
