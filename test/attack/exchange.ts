import { connect } from "node:net";

/** Bytes to send, or milliseconds to wait before those after it. */
export type Part = string | Buffer | number;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** Everything that came, from the first byte to the end of the connection. */
  readonly raw: string;
  readonly milliseconds: number;
}

const DEADLINE_MS = 15_000;

/** Sends bytes as they are over a connection of their own, and takes what comes until one answer is complete. */
export function exchange(port: number, parts: readonly Part[], untilClosed = false): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const received: Buffer[] = [];
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const end = (): void => {
      clearTimeout(deadline);
      socket.destroy();
      resolve({ ...parseAnswer(Buffer.concat(received)), milliseconds: performance.now() - start });
    };
    const deadline = setTimeout(() => {
      socket.destroy();
      reject(
        new Error(
          `no end of the answer within ${DEADLINE_MS} ms: ${Buffer.concat(received).subarray(0, 200)}`,
        ),
      );
    }, DEADLINE_MS);
    socket.on("data", (chunk) => {
      received.push(chunk);
      if (!untilClosed && isComplete(Buffer.concat(received))) end();
    });
    // Who answers before everything is sent may hang up on the rest: what was answered counts.
    socket.on("error", () => {}).on("close", end);
    socket.on("connect", () => void send(socket, parts));
  });
}

async function send(socket: ReturnType<typeof connect>, parts: readonly Part[]): Promise<void> {
  for (const part of parts) {
    if (typeof part === "number") await new Promise((resolve) => setTimeout(resolve, part));
    else if (!socket.destroyed) socket.write(part);
  }
}

function isComplete(bytes: Buffer): boolean {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const head = bytes.subarray(0, end).toString("latin1");
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  return length !== undefined && bytes.length >= end + 4 + Number(length);
}

function parseAnswer(bytes: Buffer): Omit<Answer, "milliseconds"> {
  const raw = bytes.toString("utf8");
  const end = raw.indexOf("\r\n\r\n");
  const [first = "", ...lines] = raw.slice(0, Math.max(0, end)).split("\r\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return {
    status: Number(first.split(" ")[1] ?? 0),
    headers: Object.fromEntries(headers),
    text: end < 0 ? "" : raw.slice(end + 4),
    raw,
  };
}

export interface Message {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** The bytes of one sound request, whose connection ends with it. */
export function message({ method = "GET", path, headers = {}, body }: Message): Buffer {
  const all = {
    Host: "localhost",
    Connection: "close",
    ...(body !== undefined && { "Content-Length": String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([
    Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1"),
    Buffer.from(body ?? ""),
  ]);
}
