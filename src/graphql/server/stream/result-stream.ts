import type { FormattedExecutionResult } from "graphql";

/** One message of a subscription. */
export interface StreamedResult {
  readonly result: FormattedExecutionResult;
  /** At which a new subscription would go on; undefined: the source does not say. */
  readonly cursor: string | undefined;
  /** Whether it is the error that ends the stream. */
  readonly isFinal: boolean;
}

export interface StreamSteps {
  /** One event of the source as a result. */
  readonly execute: (event: unknown) => Promise<FormattedExecutionResult>;
  /** An error of the source as a result. */
  readonly fail: (error: unknown) => FormattedExecutionResult;
  /** Called once, when the stream is over, however it came to that. */
  readonly release: () => void;
}

const DONE = { done: true, value: undefined } as const;

/**
 * The results of a subscription. The source is asked for its next event only when `next` is called, so it may collapse what a slow
 * reader has not taken. `return` ends a `next` that waits: that of an async generator waits for the generator's next value.
 */
export class ResultStream implements AsyncIterableIterator<StreamedResult, undefined> {
  /** Of the newest message. */
  cursor: string | undefined;
  #isOver = false;
  #stop: () => void = () => {};

  constructor(
    private readonly source: AsyncIterator<unknown>,
    private readonly steps: StreamSteps,
  ) {}

  /** @param makeRoom waited for between the source's event and its execution, so that results do not pile up */
  async next(
    makeRoom: () => Promise<unknown> | undefined = () => undefined,
  ): Promise<IteratorResult<StreamedResult, undefined>> {
    if (this.#isOver) return DONE;
    try {
      const step = await this.#sourceStep();
      if (step.done) return this.return();
      await makeRoom();
      if (this.#isOver) return DONE;
      const result = await this.steps.execute(step.value);
      if (this.#isOver) return DONE;
      this.cursor = cursorIn(step.value) ?? this.cursor;
      return { done: false, value: { result, cursor: this.cursor, isFinal: false } };
    } catch (error) {
      if (this.#isOver) return DONE;
      await this.return();
      return { done: false, value: { result: this.steps.fail(error), cursor: this.cursor, isFinal: true } };
    }
  }

  async return(): Promise<IteratorResult<StreamedResult, undefined>> {
    if (this.#isOver) return DONE;
    this.#isOver = true;
    this.#stop();
    // Not awaited: it may wait for a value that never comes.
    Promise.resolve(this.source.return?.()).catch(() => {});
    this.steps.release();
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #sourceStep(): Promise<IteratorResult<unknown>> {
    return new Promise((resolve, reject) => {
      this.#stop = () => resolve(DONE);
      this.source.next().then(resolve, reject);
    });
  }
}

function cursorIn(event: unknown): string | undefined {
  const cursor: unknown = typeof event === "object" && event !== null && "cursor" in event && event.cursor;
  return typeof cursor === "string" ? cursor : undefined;
}
