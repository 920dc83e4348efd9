import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import { setTimeout as pause, setImmediate } from "node:timers/promises";
import { StrataError } from "../domain/errors.js";

export interface DrainTimes {
  /** How long a connection may be silent before it is closed: what was sent already is on its way. */
  readonly silence: number;
  /** After which the rest of a request is not waited for any more. */
  readonly rest: number;
  /** After which every connection is closed, whatever is under way. */
  readonly all: number;
}

interface OpenExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

interface Connection {
  /** What is under way, in the order of the requests. */
  readonly exchanges: OpenExchange[];
  /** When something last began or ended on it, on the clock of `performance.now()`. */
  movedAt: number;
}

const CHECK_MS = 50;
/** New connections are over when none has come for so long; where they never are, they are not waited for any longer. */
const QUIET_MS = 10;
/** Node accepts one in each turn of its event loop: a busy server needs seconds for those that wait. */
const ACCEPT_MS = 3_000;

/**
 * Knows what is under way on each connection of a server, so that it can end without cutting anything off: no new
 * connections, an answer to every request that has been sent, `Connection: close` on the last one of each connection.
 */
export class Drain {
  /** Those that are open. */
  readonly #connections = new Map<Socket, Connection>();
  #accepted = 0;
  #isDraining = false;
  #isAnnounced = false;

  private constructor(private readonly server: Server) {}

  /** After all other listeners are there: it has to see each request before they do. */
  static of(server: Server): Drain {
    const drain = new Drain(server);
    server.prependListener("connection", (socket) => drain.#follow(socket));
    server.prependListener("request", (request, response) => drain.#begin({ request, response }));
    return drain;
  }

  /** Whether the server is about to end: whoever balances load is to send its requests elsewhere. */
  get isAnnounced(): boolean {
    return this.#isAnnounced;
  }

  announce(): void {
    this.#isAnnounced = true;
  }

  /** Whether a part of a response has been sent on a connection, and its end has not. */
  isAnswering(socket: Socket): boolean {
    return this.#connections.get(socket)?.exchanges.some(({ response }) => response.headersSent) ?? false;
  }

  /** The request whose rest is on its way. */
  incompleteRequestOn(socket: Socket): IncomingMessage | undefined {
    const last = this.#connections.get(socket)?.exchanges.at(-1)?.request;
    return last?.complete === false ? last : undefined;
  }

  /** Ends what the server does. Resolves when no connection is left. */
  async finish({ silence, rest, all }: DrainTimes): Promise<void> {
    this.announce();
    const startedAt = performance.now();
    await this.#acceptWaiting(startedAt);
    // Not by the HTTP server's own close: that one destroys idle connections, on which a request may be on its way.
    NetServer.prototype.close.call(this.server);
    // Not before: a client that is told so connects anew at once, and would be cut off together with the listener.
    this.#isDraining = true;
    for (const { exchanges } of this.#connections.values()) announceClose(exchanges);
    for (let isRefused = false; this.#connections.size > 0; ) {
      const passed = performance.now() - startedAt;
      if (passed > all) break;
      if (passed > rest && !isRefused) {
        isRefused = true;
        this.#refuseHalves();
      }
      // Right after what has come in was read.
      await setImmediate();
      this.#closeSilent(startedAt, silence);
      await pause(CHECK_MS);
    }
    this.server.closeAllConnections();
  }

  /** The system has made connections already that Node has not seen yet: with the listener they would be cut off. */
  async #acceptWaiting(startedAt: number): Promise<void> {
    for (let seen = -1; seen !== this.#accepted && performance.now() - startedAt < ACCEPT_MS; ) {
      seen = this.#accepted;
      await pause(QUIET_MS);
      // Right after what had come was accepted.
      await setImmediate();
    }
  }

  #follow(socket: Socket): void {
    this.#accepted++;
    this.#connections.set(socket, { exchanges: [], movedAt: performance.now() });
    socket.once("close", () => this.#connections.delete(socket));
  }

  #begin(exchange: OpenExchange): void {
    const connection = this.#connections.get(exchange.request.socket);
    if (connection === undefined) return;
    const { exchanges } = connection;
    // It is not the last one any more.
    const before = exchanges.at(-1)?.response;
    if (this.#isDraining && before !== undefined && !before.headersSent) before.shouldKeepAlive = true;
    exchanges.push(exchange);
    if (this.#isDraining) announceClose(exchanges);
    connection.movedAt = performance.now();
    exchange.response.on("close", () => {
      exchanges.splice(exchanges.indexOf(exchange), 1);
      connection.movedAt = performance.now();
    });
  }

  /** Those on which nothing is under way; half of a head is something, and known to Node alone. */
  #closeSilent(startedAt: number, silence: number): void {
    const limit = performance.now() - silence;
    if (startedAt > limit) return;
    const isRecent = [...this.#connections.values()].some(
      ({ exchanges, movedAt }) => exchanges.length === 0 && movedAt > limit,
    );
    if (!isRecent) this.server.closeIdleConnections();
    for (const [socket, { exchanges, movedAt }] of this.#connections)
      if (exchanges.length === 0 && socket.bytesRead === 0 && movedAt <= limit) socket.destroy();
  }

  /** The reader of the body gets the error, and responds in the shape of its API. */
  #refuseHalves(): void {
    for (const { exchanges } of this.#connections.values())
      for (const { request, response } of exchanges)
        if (!request.complete && !response.headersSent) request.emit("error", closingError());
  }
}

function announceClose(exchanges: readonly OpenExchange[]): void {
  const last = exchanges.at(-1)?.response;
  if (last !== undefined && !last.headersSent) last.shouldKeepAlive = false;
}

/** Why a request is refused whose rest did not come in time. */
function closingError(): StrataError {
  const message = "The server is being stopped, and the rest of the request did not come. Send it again.";
  return Object.assign(new StrataError("STORE_UNAVAILABLE", message, { retryAfter: 1 }), { statusCode: 503 });
}
