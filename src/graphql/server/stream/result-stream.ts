import type { GraphQLFormattedError } from "graphql";

/** One message of a subscription. */
export interface StreamedResult {
  /** Its JSON text, in one line. */
  readonly json: string;
  /** At which a new subscription would go on; undefined: the source does not say. */
  readonly cursor: string | undefined;
  /** The errors that end the stream, which are also its JSON; undefined: there may be more. */
  readonly failure: readonly GraphQLFormattedError[] | undefined;
}

export interface StreamSteps {
  /** The result of one event of the source, as JSON text in one line. */
  readonly execute: (event: unknown) => Promise<string>;
  /** An error of the source, as the client is told of it. */
  readonly told: (error: unknown) => readonly GraphQLFormattedError[];
  /** Gives back the caller's place among the subscriptions that it may have; `release` does, too. May be called again. */
  readonly giveBack: () => void;
  /** Called once, when the stream is over, however it came to that. */
  readonly release: () => void;
}

/**
 * The results of a subscription. The source is asked for its next event only when `ready` is called, so it may collapse what a slow
 * reader has not taken. `return` ends a `ready` that waits: that of an async generator waits for the generator's next value.
 *
 * `ready` and `take` are two because the one may wait for hours. To the collector its promise is old then, and what it leads to is
 * kept until a full collection, though nobody needs it any more: so it leads to nothing.
 */
export class ResultStream {
  /** Of the newest message. */
  cursor: string | undefined;
  #step: { readonly done?: boolean | undefined; value: unknown } | undefined;
  #failure: { readonly error: unknown } | undefined;
  #isOver = false;
  #stop: () => void = () => {};

  constructor(
    private readonly source: AsyncIterator<unknown>,
    private readonly steps: StreamSteps,
  ) {}

  /** Waits until there is something to take, or the end. */
  ready(): Promise<void> {
    return new Promise((resolve) => {
      this.#stop = resolve;
      if (this.#isOver) return resolve();
      this.source
        .next()
        .then(
          (step) => {
            this.#step = step;
          },
          (error: unknown) => {
            this.#failure = { error };
          },
        )
        .then(resolve);
    });
  }

  /** The result for which it is ready; undefined: there are no more. */
  async take(): Promise<StreamedResult | undefined> {
    const [step, failure] = [this.#step, this.#failure];
    this.#step = undefined;
    if (this.#isOver) return undefined;
    try {
      if (failure !== undefined) throw failure.error;
      if (step === undefined || step.done) return await this.return();
      const event = step.value;
      // The source's promise leads to the step.
      step.value = undefined;
      const json = await this.steps.execute(event);
      if (this.#isOver) return undefined;
      this.cursor = cursorIn(event) ?? this.cursor;
      return { json, cursor: this.cursor, failure: undefined };
    } catch (error) {
      if (this.#isOver) return undefined;
      await this.return();
      const failure = this.steps.told(error);
      return { json: JSON.stringify({ errors: failure }), cursor: this.cursor, failure };
    }
  }

  /** Nobody takes anything any more: the caller may subscribe to something else at once, though `return` comes later. */
  abandon(): void {
    this.steps.giveBack();
  }

  async return(): Promise<undefined> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stop();
    // Not awaited: it may wait for a value that never comes.
    Promise.resolve(this.source.return?.()).catch(() => {});
    this.steps.release();
  }
}

function cursorIn(event: unknown): string | undefined {
  const cursor: unknown = typeof event === "object" && event !== null && "cursor" in event && event.cursor;
  return typeof cursor === "string" ? cursor : undefined;
}
