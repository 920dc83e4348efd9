import { onTestFinished } from "vitest";

export interface ServerEvent {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly retry?: string;
  /** The text of its comments. */
  readonly comment?: string;
}

/** A response with server-sent events, read block by block, as it came. */
export class EventReader {
  #text = "";
  readonly #chunks: ReadableStreamDefaultReader<string>;

  constructor(readonly response: Response) {
    if (response.body === null) throw new Error("a response without a body");
    this.#chunks = response.body.pipeThrough(new TextDecoderStream()).getReader();
  }

  static async open(url: string, init: RequestInit = {}): Promise<EventReader> {
    const leaving = new AbortController();
    onTestFinished(() => leaving.abort());
    const headers = { accept: "text/event-stream", ...(init.headers as Record<string, string>) };
    return new EventReader(await fetch(url, { ...init, headers, signal: leaving.signal }));
  }

  /** A GraphQL operation by POST. */
  static operation(
    url: string,
    query: string,
    variables: unknown = {},
    headers: Record<string, string> = {},
  ): Promise<EventReader> {
    const body = JSON.stringify({ query, variables });
    return EventReader.open(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    });
  }

  /** The next block; undefined: the response has ended. */
  async block(): Promise<ServerEvent | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        return blockOf(block);
      }
      const { done, value } = await this.#chunks.read();
      if (done) return undefined;
      this.#text += value;
    }
  }

  /** The next block with data; undefined: the response has ended. */
  async event(): Promise<ServerEvent | undefined> {
    for (let block = await this.block(); ; block = await this.block())
      if (block === undefined || block.data !== undefined) return block;
  }

  /** The next result of an operation. */
  async next<T>(): Promise<{ readonly id: string | undefined; readonly result: T }> {
    const block = await this.event();
    if (block?.event !== "next") throw new Error(`no next, but ${JSON.stringify(block)}`);
    return { id: block.id, result: JSON.parse(block.data ?? "") as T };
  }

  async close(): Promise<void> {
    await this.#chunks.cancel();
  }
}

function blockOf(text: string): ServerEvent {
  const block: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    const name = colon === 0 ? "comment" : line.slice(0, colon);
    block[name] = line.slice(colon + 1).replace(/^ /, "");
  }
  return block;
}
