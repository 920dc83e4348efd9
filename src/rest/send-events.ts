import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import type { Principal } from "../auth/principal.js";
import { unauthenticated } from "../auth/unauthenticated.js";
import type { StrataError } from "../domain/errors.js";
import type { CallerStreams } from "../stream/caller-streams.js";
import type { StreamEnd } from "../stream/open-streams.js";
import { type Frames, sendStream } from "../stream/send-stream.js";
import type { StreamedAnswer } from "./answer.js";
import { envelope, type Sender } from "./envelope.js";
import { answerError } from "./error-answer.js";
import { targetOf } from "./rest-request.js";

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
};

/** Sends messages as server-sent events, each in KAZOO's envelope, in place of the reply. They are never compressed. */
export async function sendEvents(
  { open, recheck }: CallerStreams,
  sender: Sender,
  principal: Principal,
  request: FastifyRequest,
  reply: FastifyReply,
  stream: StreamedAnswer,
): Promise<void> {
  const { raw } = reply.hijack();
  raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), ...HEADERS });
  if (request.method === "HEAD") {
    stream.stop();
    raw.end();
    return;
  }
  raw.write(": connected\n\n");
  const startedAt = performance.now();
  const sent = await sendStream(raw, new RestFrames(sender, request, stream), open.options.times, (end) =>
    open.follow({ transport: "rest", principal, recheck: () => recheck(request.headers), end }),
  );
  const milliseconds = Math.round(performance.now() - startedAt);
  request.log.info({ requestId: request.id, transport: "rest", milliseconds, ...sent }, "stream ended");
}

class RestFrames implements Frames {
  #cursor: string | undefined;
  /** The last message, where an error has ended the stream. */
  #failure: string | undefined;

  constructor(
    private readonly sender: Sender,
    private readonly request: FastifyRequest,
    private readonly stream: StreamedAnswer,
  ) {}

  async next(): Promise<string | undefined> {
    try {
      const { done, value } = await this.stream.messages.next();
      if (done) return undefined;
      this.#cursor = value.cursor;
      const data = value.content && `data: ${this.#enveloped(value.content)}\n`;
      return `id: ${value.cursor}\n${data ?? ""}\n`;
    } catch (error) {
      this.#failure = this.#lastEvent(error as StrataError);
      return undefined;
    }
  }

  stop(): void {
    this.stream.stop();
  }

  keepAlive(): string {
    return `: alive\n${this.#cursor === undefined ? "" : `id: ${this.#cursor}\n`}\n`;
  }

  end(why: StreamEnd | undefined): string {
    if (why === undefined) return this.#failure ?? "";
    return why.kind === "restart" ? `retry: ${why.retryMs}\n\n` : this.#lastEvent(unauthenticated());
  }

  #lastEvent(error: StrataError | FastifyError): string {
    const { content } = answerError(error, { incident: this.request.id, ...targetOf(this.request) });
    if (content?.data !== undefined && "incident" in (content.data as object))
      this.request.log.error({ err: error }, "stream failed");
    return content === undefined ? "" : `event: end\ndata: ${this.#enveloped(content)}\n\n`;
  }

  #enveloped(content: Parameters<typeof envelope>[2]): string {
    return JSON.stringify(envelope(this.sender, this.request, content));
  }
}
