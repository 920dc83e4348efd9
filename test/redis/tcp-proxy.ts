import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { freePort } from "./free-port.js";

const HOST = "127.0.0.1";

/** A network that fails on demand: stands between clients and a server of this machine. */
export class TcpProxy {
  readonly #target: number;
  readonly port: number;
  #listener: Server | undefined;
  readonly #links = new Set<readonly [client: Socket, server: Socket]>();
  readonly #held: (() => void)[] = [];
  #isDroppingReplies = false;
  #isStalled = false;
  #awaited: { readonly text: string; readonly act: () => void } | undefined;

  private constructor(target: number, port: number) {
    this.#target = target;
    this.port = port;
  }

  static async to(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target, await freePort());
    await proxy.accept();
    return proxy;
  }

  /** How many connections there are right now. */
  get connections(): number {
    return this.#links.size;
  }

  /** Breaks all connections there are. */
  cut(): void {
    for (const link of this.#links) for (const socket of link) socket.destroy();
    this.#links.clear();
  }

  /** Refuses new connections until `accept()`; those there are go on. */
  refuse(): void {
    this.#listener?.close();
    this.#listener = undefined;
  }

  async accept(): Promise<void> {
    if (this.#listener !== undefined) return;
    this.#listener = createServer({ noDelay: true, allowHalfOpen: true }, (client) => this.#join(client));
    this.#listener.listen(this.port, HOST);
    await once(this.#listener, "listening");
  }

  /** While on, requests go through and their replies are lost for good. */
  dropReplies(on: boolean): void {
    this.#isDroppingReplies = on;
  }

  /** While on, nothing moves in either direction, not even an end; afterwards all of it does, in order. */
  stall(on: boolean): void {
    this.#isStalled = on;
    if (!on) for (const move of this.#held.splice(0)) move();
  }

  /** Acts once when a client sends a text, before the text is passed on. */
  whenSent(text: string, act: () => void): void {
    this.#awaited = { text, act };
  }

  /** Whether what is waited for was not sent yet. */
  get isWaiting(): boolean {
    return this.#awaited !== undefined;
  }

  close(): void {
    this.refuse();
    this.cut();
  }

  #join(client: Socket): void {
    const server = connect({ port: this.#target, host: HOST, noDelay: true, allowHalfOpen: true });
    const link = [client, server] as const;
    this.#links.add(link);
    client.on("data", (bytes) => {
      if (this.#awaited !== undefined && bytes.includes(this.#awaited.text)) {
        this.#awaited.act();
        this.#awaited = undefined;
      }
      this.#move(() => server.write(bytes));
    });
    server.on("data", (bytes) => {
      if (!this.#isDroppingReplies) this.#move(() => client.write(bytes));
    });
    for (const [socket, other] of [link, [server, client]] as const) {
      socket.on("end", () => this.#move(() => other.end()));
      // A broken connection is what a proxy passes on, not an error of its own.
      socket.on("error", () => this.#move(() => other.destroy()));
      socket.on("close", () => {
        if (link.every(({ destroyed }) => destroyed)) this.#links.delete(link);
      });
    }
  }

  #move(action: () => void): void {
    if (this.#isStalled) this.#held.push(action);
    else action();
  }
}
