import { connect, type Socket } from "node:net";
import { expect, onTestFinished } from "vitest";
import type { LiveApp } from "./live-app.js";

/** A message of so many characters fills what two sockets hold within some forty of them. */
const LONG = 100_000;
const MOST_WRITES = 300;

/** A setting of acme's conferences whose messages are long. @param number makes each another one */
export function longValue(number: number): Record<string, unknown> {
  return { entry_tone: `${number} `.padEnd(LONG, "x") };
}

/** A client on a plain connection that reads only when it is told to. */
export class StalledClient {
  text = "";

  private constructor(
    private readonly live: LiveApp,
    readonly socket: Socket,
    /** The server's end of the connection. */
    private readonly served: Socket,
  ) {
    socket.setEncoding("utf8").on("data", (chunk) => {
      this.text += chunk;
    });
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
  }

  static async connect(live: LiveApp): Promise<StalledClient> {
    const accepted = new Promise<Socket>((resolve) => live.app.app.server.once("connection", resolve));
    const socket = connect(live.port, "127.0.0.1");
    return new StalledClient(live, socket, await accepted);
  }

  /** Sends a request and reads until something has come. */
  async open(head: readonly string[], body: string, until: string): Promise<this> {
    const length = body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
    this.socket.write([...head, "Host: 127.0.0.1", ...length, "", body].join("\r\n"));
    await this.reads(until);
    return this;
  }

  async reads(text: string): Promise<void> {
    await expect.poll(() => this.text, { timeout: 20_000 }).toContain(text);
  }

  /** Reads nothing any more. @returns once the server has more for it than the connection takes, and how many writes that were */
  async stall(): Promise<number> {
    this.socket.pause();
    for (let number = 1; number <= MOST_WRITES; number++) {
      await this.live.write(longValue(number));
      if (this.served.writableLength > 0) return number;
    }
    throw new Error("the connection takes everything");
  }

  /** How much waits in the server's process. */
  get waiting(): number {
    return this.served.writableLength;
  }

  get isCutOff(): boolean {
    return this.served.destroyed;
  }
}
