import { connect, type Socket } from "node:net";

const END_OF_HEAD = Buffer.from("\r\n\r\n");
const END_OF_CHUNKS = Buffer.from("0\r\n\r\n");
const GOOD_STATUS = Buffer.from("HTTP/1.1 200");
const ERRORS = Buffer.from('"errors"');
const SHOWN_OF_ANSWER = 400;

/**
 * One connection that is kept open: a request, its answer, the next request. It reads as much of HTTP as it takes to find
 * an answer's end; Node's own client takes two to four times the CPU, and the load must not be dearer than what it measures.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #expected = Buffer.alloc(0);
  #received: Buffer[] = [];
  #bytes = 0;
  /** Of the answer that is coming in; undefined until its head is there. */
  #length: number | undefined;
  #bodyStart = 0;
  #settle: ((problem: string | undefined) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", (error) => this.#finish(error.message));
    socket.on("close", () => this.#finish("the connection was closed"));
  }

  static open(port: number): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.off("error", reject);
        resolve(new HttpConnection(socket));
      });
      socket.once("error", reject);
    });
  }

  /**
   * Sends a request. `done` is called once with what is wrong with the answer, undefined if it is as expected.
   * @param expected what the body has to contain
   */
  send(request: string, expected: Buffer, done: (problem: string | undefined) => void): void {
    this.#expected = expected as Buffer<ArrayBuffer>;
    this.#settle = done;
    this.#socket.write(request, "latin1");
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  /** Who waits for an answer is told the reason. */
  close(reason: string): void {
    this.#socket.destroy();
    this.#finish(reason);
  }

  #receive(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#bytes += chunk.length;
    if (this.#length === undefined) this.#readHead();
    if (this.#length === undefined) return;
    const isComplete =
      this.#length < 0
        ? this.#tail(chunk).equals(END_OF_CHUNKS)
        : this.#bytes >= this.#bodyStart + this.#length;
    if (isComplete) this.#finish(this.#problem());
  }

  #readHead(): void {
    const [first = Buffer.alloc(0), ...more] = this.#received;
    const start = more.length === 0 ? first : Buffer.concat(this.#received);
    const end = start.indexOf(END_OF_HEAD);
    if (end < 0) return;
    this.#received = [start];
    this.#bodyStart = end + END_OF_HEAD.length;
    const length = /\r\ncontent-length: *(\d+)/i.exec(start.toString("latin1", 0, end))?.[1];
    this.#length = length === undefined ? -1 : Number(length);
  }

  #tail(last: Buffer): Buffer {
    const whole = last.length < END_OF_CHUNKS.length ? Buffer.concat(this.#received) : last;
    return whole.subarray(-END_OF_CHUNKS.length);
  }

  #problem(): string | undefined {
    const isGood =
      this.#received[0]?.subarray(0, GOOD_STATUS.length).equals(GOOD_STATUS) === true &&
      this.#contains(this.#expected) &&
      !this.#contains(ERRORS);
    if (isGood) return undefined;
    const answer = Buffer.concat(this.#received);
    const body = answer.toString("utf8", this.#bodyStart, this.#bodyStart + SHOWN_OF_ANSWER);
    return `${answer.toString("latin1", 0, GOOD_STATUS.length)} ${body}`;
  }

  /** What is looked for could lie across two pieces; that is looked for again only when it was not in one. */
  #contains(text: Buffer): boolean {
    if (this.#received.some((chunk) => chunk.includes(text))) return true;
    return this.#received.length > 1 && Buffer.concat(this.#received).includes(text);
  }

  #finish(problem: string | undefined): void {
    const settle = this.#settle;
    this.#settle = undefined;
    this.#received = [];
    this.#bytes = 0;
    this.#length = undefined;
    settle?.(problem);
  }
}
