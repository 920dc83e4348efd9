import type { FormattedExecutionResult, GraphQLFormattedError } from "graphql";
import { ResultStream } from "./result-stream.js";
import type { SocketSlots } from "./socket-slots.js";

/** The errors that end an operation, as the client is told of them. */
export class FinalErrors extends Error {
  constructor(readonly told: readonly GraphQLFormattedError[]) {
    super("the operation has ended with errors");
  }
}

const DONE = { done: true, value: undefined } as const;

/**
 * The results of one operation on a WebSocket: those of a subscription, or the one of a query. `next` is called once the result before
 * has left the process.
 */
export class SocketOperation implements AsyncGenerator<FormattedExecutionResult, undefined> {
  #messages = 0;
  #isOver = false;
  #release: () => void;

  /** @param release gives back the slot that the operation has held while it was begun */
  constructor(
    private readonly results: ResultStream | FormattedExecutionResult,
    private readonly slots: SocketSlots,
    release: () => void,
    private readonly onEnd: (messages: number) => void,
  ) {
    this.#release = release;
    // A subscription may wait for hours before it needs one again.
    if (results instanceof ResultStream) release();
  }

  /** @throws FinalErrors */
  async next(): Promise<IteratorResult<FormattedExecutionResult, undefined>> {
    const { results } = this;
    if (results instanceof ResultStream) return this.#nextOf(results);
    if (this.#messages > 0) return this.return();
    if (results.data === undefined) {
      await this.return();
      throw new FinalErrors(results.errors ?? []);
    }
    this.#messages++;
    return { done: false, value: results };
  }

  async #nextOf(results: ResultStream): Promise<IteratorResult<FormattedExecutionResult, undefined>> {
    this.#release();
    const { done, value } = await results.next(async () => {
      this.#release = await this.slots.take();
    });
    if (done) return this.return();
    if (value.isFinal) {
      await this.return();
      throw new FinalErrors(value.result.errors ?? []);
    }
    this.#messages++;
    return { done: false, value: value.result };
  }

  async return(): Promise<IteratorResult<FormattedExecutionResult, undefined>> {
    this.#release();
    if (this.#isOver) return DONE;
    this.#isOver = true;
    if (this.results instanceof ResultStream) await this.results.return();
    this.onEnd(this.#messages);
    return DONE;
  }

  async throw(error: unknown): Promise<IteratorResult<FormattedExecutionResult, undefined>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
