import type { FastifyBaseLogger } from "fastify";
import type { WebSocket as ProtocolSocket } from "graphql-ws";
import type { RawData, WebSocket } from "ws";
import { hasVanishingNumber } from "../../../domain/json/vanishing-number.js";
import type { StreamTimes } from "../../../stream/stream-times.js";

/** Messages that are on their way out beside those of operations: a client that asks and does not read is cut off. */
const SPARE_MESSAGES = 500;

/** One WebSocket as the protocol uses it: sends no faster than the client reads, and ends when the client is gone. */
export class SocketLink implements ProtocolSocket {
  readonly protocol: string;
  #sending = 0;
  #seenAt = performance.now();

  /** @param perConnection operations that may be under way at once */
  constructor(
    private readonly socket: WebSocket,
    private readonly times: StreamTimes,
    private readonly perConnection: number,
    private readonly logger: FastifyBaseLogger,
    private readonly requestId: string,
  ) {
    this.protocol = socket.protocol;
    const alive = setInterval(() => this.#checkAlive(), times.keepAlive);
    socket.on("pong", () => this.#seen());
    // Whatever is wrong with a frame: the package answers with its close code.
    socket.on("error", () => {});
    socket.once("close", () => clearInterval(alive));
  }

  /** Resolves once the message has left the process. */
  async send(text: string): Promise<void> {
    if (this.socket.readyState !== this.socket.OPEN) return;
    if (this.#sending > this.perConnection + SPARE_MESSAGES) return this.socket.terminate();
    this.#sending++;
    await new Promise<void>((resolve) => this.socket.send(text, () => resolve()));
    this.#sending--;
  }

  close(code = 1000, reason = ""): void {
    this.socket.close(code, reason);
    // A client that does not answer is not waited for.
    const grace = setTimeout(() => this.socket.terminate(), this.times.grace);
    this.socket.once("close", () => clearTimeout(grace));
  }

  onMessage(take: (text: string) => Promise<void>): void {
    this.socket.on("message", (data: RawData, isBinary: boolean) => {
      this.#seen();
      const text = String(data);
      if (isBinary) this.close(1003, "Messages are text");
      else if (hasVanishingNumber(text)) this.close(4400, "A number is too small for a double");
      else
        take(text).catch((err: unknown) => {
          this.logger.error({ requestId: this.requestId, err }, "unexpected error");
          this.close(4500, `Something went wrong on our side. Incident ${this.requestId}.`);
        });
    });
  }

  #seen(): void {
    this.#seenAt = performance.now();
  }

  #checkAlive(): void {
    if (performance.now() - this.#seenAt > this.times.stall) this.socket.terminate();
    else this.socket.ping();
  }
}
