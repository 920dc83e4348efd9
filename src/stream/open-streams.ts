import { setImmediate } from "node:timers/promises";
import type { Principal } from "../auth/principal.js";
import { StreamLimit } from "./stream-limit.js";
import type { StreamTimes } from "./stream-times.js";

/** Why the server ends a stream. */
export type StreamEnd =
  /** The caller's token has ended, or is no longer valid. */
  | { readonly kind: "expired" }
  /** The server is being stopped. The client is to connect again, to another gateway, after this time. */
  | { readonly kind: "restart"; readonly retryMs: number };

/** What a stream goes over. */
export type Transport = "sse" | "multipart" | "websocket" | "rest" | "ofrep";

export interface FollowedStream {
  readonly transport: Transport;
  readonly principal: Principal;
  /** Rejects once the caller's token is no longer good. */
  readonly recheck: () => Promise<unknown>;
  /** Called once at most; the stream then says goodbye and closes. */
  readonly end: (why: StreamEnd) => void;
}

interface OpenStream extends FollowedStream {
  timer: NodeJS.Timeout | undefined;
}

export interface StreamOptions {
  /** How many subscriptions each caller may have open on this gateway. */
  readonly perCaller: number;
  /** How many operations may be under way at once on one connection. */
  readonly perConnection: number;
  readonly times: StreamTimes;
  readonly now: () => Date;
  /** Hears of each stream that begins (1) and ends (-1). */
  readonly onStream: (transport: Transport, change: 1 | -1) => void;
}

/** A longer time would overflow Node's timers. */
const LONGEST_TIMER = 2 ** 30;

/** Everything that lasts on this gateway: it ends with its caller's token, and with the gateway. */
export class OpenStreams {
  readonly #open = new Set<OpenStream>();
  readonly #rechecking: NodeJS.Timeout;
  readonly #spreading = new Set<NodeJS.Timeout>();
  #isEnding = false;

  /** Of the subscriptions of each caller. */
  readonly limit: StreamLimit;
  /** Of its WebSockets: one that is used for nothing costs something, too. */
  readonly socketLimit: StreamLimit;

  constructor(readonly options: StreamOptions) {
    this.limit = new StreamLimit(options.perCaller);
    this.socketLimit = new StreamLimit(options.perCaller);
    this.#rechecking = setInterval(() => void this.#recheck(), options.times.recheck).unref();
  }

  /** @returns what forgets the stream, once it has ended */
  follow(followed: FollowedStream): () => void {
    const stream: OpenStream = { ...followed, timer: undefined };
    const { expiresAt } = stream.principal;
    this.#open.add(stream);
    this.options.onStream(stream.transport, 1);
    if (this.#isEnding) stream.timer = setTimeout(() => this.#restart(stream), 0);
    else if (expiresAt !== undefined) this.#endAt(stream, expiresAt * 1_000);
    return () => this.#forget(stream);
  }

  /** Ends what is open, spread over some seconds: the clients do not all reach the other gateways at once. */
  drain(seconds: number): void {
    const streams = [...this.#open];
    streams.forEach((stream, index) => {
      const timer = setTimeout(
        () => {
          this.#spreading.delete(timer);
          this.#restart(stream);
        },
        (seconds * 1_000 * (index + 1)) / (streams.length + 1),
      );
      this.#spreading.add(timer);
    });
  }

  /** Ends what is open now, and what is opened from now on. */
  close(): void {
    this.#isEnding = true;
    clearInterval(this.#rechecking);
    for (const timer of this.#spreading) clearTimeout(timer);
    for (const stream of this.#open) this.#restart(stream);
  }

  #forget(stream: OpenStream): void {
    clearTimeout(stream.timer);
    if (this.#open.delete(stream)) this.options.onStream(stream.transport, -1);
  }

  #restart(stream: OpenStream): void {
    const { spread } = this.options.times;
    const retryMs = Math.round(spread / 10 + Math.random() * spread * 0.9);
    this.#end(stream, { kind: "restart", retryMs });
  }

  #end(stream: OpenStream, why: StreamEnd): void {
    if (!this.#open.has(stream)) return;
    this.#forget(stream);
    stream.end(why);
  }

  #endAt(stream: OpenStream, time: number): void {
    const left = time - this.options.now().getTime();
    stream.timer = setTimeout(
      () => (left > LONGEST_TIMER ? this.#endAt(stream, time) : this.#end(stream, { kind: "expired" })),
      Math.min(Math.max(left, 0), LONGEST_TIMER),
    );
  }

  /** One after the other, with room for requests between them. */
  async #recheck(): Promise<void> {
    for (const stream of [...this.#open]) {
      await stream.recheck().catch(() => this.#end(stream, { kind: "expired" }));
      await setImmediate();
    }
  }
}
