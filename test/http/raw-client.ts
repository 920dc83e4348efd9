import { connect, type Socket } from "node:net";

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One connection whose bytes a test sees one by one: what was answered, and how it ended. */
export class RawClient {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  readonly #answers: RawAnswer[] = [];
  #error: Error | undefined;
  #isOver = false;
  #wake: () => void = () => {};

  constructor(port: number) {
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#socket.on("error", (error) => {
      this.#error = error;
    });
    this.#socket.on("close", () => {
      this.#isOver = true;
      this.#wake();
    });
  }

  /** How it broke; undefined: it did not. */
  get error(): Error | undefined {
    return this.#error;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** The next answer; undefined when the connection ends before it has come. */
  async answer(): Promise<RawAnswer | undefined> {
    while (this.#answers.length === 0 && !this.#isOver)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.#answers.shift();
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const end = this.#received.indexOf("\r\n\r\n");
      if (end < 0) return;
      const [line = "", ...lines] = this.#received.toString("latin1", 0, end).split("\r\n");
      const headers = Object.fromEntries(
        lines.map((one) => [
          one.slice(0, one.indexOf(":")).toLowerCase(),
          one.slice(one.indexOf(":") + 1).trim(),
        ]),
      );
      const length = Number(headers["content-length"] ?? 0);
      if (this.#received.length < end + 4 + length) return;
      const body = this.#received.toString("utf8", end + 4, end + 4 + length);
      this.#received = this.#received.subarray(end + 4 + length);
      this.#answers.push({ status: Number(line.split(" ")[1]), headers, body });
      this.#wake();
    }
  }
}

export function get(path: string, headers: Readonly<Record<string, string>> = {}): string {
  return request("GET", path, undefined, headers);
}

export function post(path: string, body: unknown): string {
  return request("POST", path, JSON.stringify(body));
}

export function request(
  method: string,
  path: string,
  body?: string,
  headers: Readonly<Record<string, string>> = {},
): string {
  const all = {
    Host: "127.0.0.1",
    ...(body !== undefined && {
      "Content-Type": "application/json",
      "Content-Length": String(Buffer.byteLength(body)),
    }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body ?? ""}`;
}
