import { once } from "node:events";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";

interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

/** A WebSocket whose messages a test sends and reads one by one. */
export class SocketClient {
  readonly #messages: Message[] = [];
  #wake: () => void = () => {};
  closed: { readonly code: number; readonly reason: string } | undefined;

  private constructor(readonly socket: WebSocket) {
    onTestFinished(() => socket.terminate());
    socket.on("message", (data) => {
      this.#messages.push(JSON.parse(String(data)));
      this.#wake();
    });
    socket.on("close", (code, reason) => {
      this.closed = { code, reason: String(reason) };
      this.#wake();
    });
    socket.on("error", () => {});
  }

  /** @returns once it is open */
  static async open(
    origin: string,
    headers: Record<string, string> = {},
    protocol = "graphql-transport-ws",
  ): Promise<SocketClient> {
    const socket = new WebSocket(`${origin.replace("http", "ws")}/graphql`, protocol, { headers });
    const client = new SocketClient(socket);
    await once(socket, "open");
    return client;
  }

  /** @returns the status and the body of a refused upgrade */
  static async refused(
    origin: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number | undefined; body: string; headers: NodeJS.Dict<string | string[]> }> {
    const socket = new WebSocket(`${origin.replace("http", "ws")}/graphql`, "graphql-transport-ws", {
      headers,
    });
    socket.on("error", () => {});
    const [, response] = await once(socket, "unexpected-response");
    let body = "";
    for await (const chunk of response) body += chunk;
    return { status: response.statusCode, body, headers: response.headers };
  }

  /** One that has been acknowledged. */
  static async ready(
    origin: string,
    params?: object,
    headers: Record<string, string> = {},
  ): Promise<SocketClient> {
    const client = await SocketClient.open(origin, headers);
    client.send({ type: "connection_init", ...(params && { payload: params }) });
    const { type } = await client.message();
    if (type !== "connection_ack") throw new Error(`no ack, but ${type}`);
    return client;
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  subscribe(id: string, query: string, variables: unknown = {}, others: object = {}): void {
    this.send({ id, type: "subscribe", payload: { query, variables, ...others } });
  }

  /** The next message; fails where the connection ends before. */
  async message(): Promise<Message> {
    while (this.#messages.length === 0 && this.closed === undefined)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    const message = this.#messages.shift();
    if (message === undefined) throw new Error(`closed: ${JSON.stringify(this.closed)}`);
    return message;
  }

  /** How it was closed. */
  async end(): Promise<{ readonly code: number; readonly reason: string }> {
    while (this.closed === undefined)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.closed;
  }
}
