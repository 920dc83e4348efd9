import type { FormattedExecutionResult, GraphQLFormattedError } from "graphql";
import { ResultStream } from "./result-stream.js";
import type { SocketSlots } from "./socket-slots.js";

/** The errors that end an operation, as the client is told of them. */
export class FinalErrors extends Error {
  constructor(readonly told: readonly GraphQLFormattedError[]) {
    super("the operation has ended with errors");
  }
}

export interface BegunOperation {
  readonly results: ResultStream | FormattedExecutionResult;
  /** Whether it still has the slot that it was begun in. */
  readonly holdsSlot: boolean;
}

type Result = IteratorResult<never, undefined>;

const DONE = { done: true, value: undefined } as const;

/** One promise for each who waits: what waits for a promise is kept as long as the promise. */
const never = (): Promise<never> => new Promise(() => {});

/**
 * One operation on a WebSocket. It sends its results itself, those of a subscription or the one of a query, each once the one before has
 * left the process: the package, which would make objects of them and then text, takes its end alone. Once the client has left it,
 * nothing of it settles any more: the package knows an operation by its id alone, and would take its end for that of another one
 * to which the client has given the id meanwhile.
 */
export class SocketOperation implements AsyncGenerator<never, undefined> {
  #results: BegunOperation["results"] | undefined;
  #messages = 0;
  #isLeft = false;
  #isOver = false;
  #holdsSlot = false;

  /**
   * @param send sends the JSON text of a result, and resolves once it has left the process
   * @param beforeEnd what to wait for before it is ended, once the client has left it; undefined: nothing
   * @param onEnd hears how many messages were sent, and whether there could be several
   */
  constructor(
    private readonly beginning: Promise<BegunOperation>,
    private readonly slots: SocketSlots,
    private readonly send: (json: string) => Promise<void>,
    private readonly beforeEnd: () => Promise<void> | undefined,
    private readonly onEnd: (messages: number, isStream: boolean) => void,
  ) {}

  async begun(): Promise<void> {
    const { results, holdsSlot } = await this.beginning;
    this.#results = results;
    this.#holdsSlot = holdsSlot;
    // A subscription may wait for hours before it needs one again.
    if (results instanceof ResultStream) this.#giveBackSlot();
    if (!this.#isLeft) return;
    await this.#end();
    return never();
  }

  /** Sends everything. @throws FinalErrors */
  async next(): Promise<Result> {
    try {
      await this.#sendAll();
      const end = await this.#end();
      if (!this.#isLeft) return end;
    } catch (error) {
      await this.#end();
      if (!this.#isLeft) throw error;
    }
    return never();
  }

  /** The client has left it, or the connection is gone. */
  async return(): Promise<Result> {
    this.#isLeft = true;
    if (this.#results instanceof ResultStream) this.#results.abandon();
    const turn = this.beforeEnd();
    if (turn !== undefined) await turn;
    return this.#end();
  }

  async throw(error: unknown): Promise<Result> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #sendAll(): Promise<void> {
    const results = this.#results;
    if (results === undefined || this.#isOver) return;
    if (results instanceof ResultStream) await this.#sendEach(results);
    else if (results.data === undefined) throw new FinalErrors(results.errors ?? []);
    else await this.#send(JSON.stringify(results));
  }

  /**
   * This is what waits for hours. To the collector it is old then, and what it refers to while a message is made is kept until a
   * full collection: so it refers to nothing of it, and each message is sent by a call of its own. That begins once there is a slot,
   * between the event and its execution: results do not pile up, nor does what makes them.
   */
  async #sendEach(results: ResultStream): Promise<void> {
    do {
      await results.ready();
      await this.slots.take();
    } while (await this.#sendNext(results));
  }

  /** @returns false: it was the last @throws FinalErrors */
  async #sendNext(results: ResultStream): Promise<boolean> {
    this.#holdsSlot = true;
    const taken = this.#isLeft ? undefined : await results.take();
    if (taken === undefined || this.#isLeft) return false;
    if (taken.failure !== undefined) throw new FinalErrors(taken.failure);
    await this.#send(taken.json);
    this.#giveBackSlot();
    return true;
  }

  #send(json: string): Promise<void> {
    this.#messages++;
    return this.send(json);
  }

  #giveBackSlot(): void {
    if (!this.#holdsSlot) return;
    this.#holdsSlot = false;
    this.slots.giveBack();
  }

  async #end(): Promise<Result> {
    const results = this.#results;
    this.#giveBackSlot();
    if (results === undefined || this.#isOver) return DONE;
    this.#isOver = true;
    const isStream = results instanceof ResultStream;
    if (isStream) await results.return();
    this.onEnd(this.#messages, isStream);
    return DONE;
  }
}
