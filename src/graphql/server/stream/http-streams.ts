import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import type { Principal } from "../../../auth/principal.js";
import type { HttpResponse } from "../../../http/http-response.js";
import { type ResponseHeaders, withContent } from "../../../http/response-headers.js";
import type { OpenStreams } from "../../../stream/open-streams.js";
import { sendStream } from "../../../stream/send-stream.js";
import type { AskedRequest } from "../incoming-request.js";
import type { Framing } from "./framing.js";
import type { ResultStream } from "./result-stream.js";

export interface HttpStreamOptions {
  readonly responseHeaders: ResponseHeaders;
  readonly streams: OpenStreams;
  /** Rejects where the token in a request's headers is not good any more. */
  readonly recheck: (headers: IncomingHttpHeaders) => Promise<unknown>;
}

/** The results of a subscription, on their way into a response. */
export interface FramedStream {
  readonly results: ResultStream;
  readonly framing: Framing;
  readonly principal: Principal;
}

/** Sends the results of subscriptions as responses that last. They are never compressed: what compresses, collects. */
export class HttpStreams {
  constructor(
    private readonly options: HttpStreamOptions,
    private readonly logger: FastifyBaseLogger,
  ) {}

  async send(
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
    { results, framing, principal }: FramedStream,
  ): Promise<void> {
    const { streams, recheck, responseHeaders } = this.options;
    const startedAt = performance.now();
    const { transport } = framing;
    response.writeHead(200, withContent(responseHeaders(request, requestId), framing.headers));
    response.write(framing.begin);
    const sent = await sendStream(response, framesOf(results, framing), streams.options.times, (end) =>
      streams.follow({ transport, principal, recheck: () => recheck(request.headers), end }),
    );
    const milliseconds = Math.round(performance.now() - startedAt);
    this.logger.info({ requestId, transport, milliseconds, ...sent }, "stream ended");
  }
}

function framesOf(results: ResultStream, framing: Framing) {
  return {
    async next(): Promise<string | undefined> {
      await results.ready();
      const taken = await results.take();
      return taken && framing.message(taken.json, taken.cursor);
    },
    stop: () => void results.return(),
    keepAlive: () => framing.keepAlive(results.cursor),
    end: framing.end,
  };
}

/** Statuses of a response that tells what became of an operation; any other is HTTP's own. */
const OF_AN_OPERATION: ReadonlySet<number> = new Set([200, 400, 401]);

/** One response to a client that takes each in a framing: its errors are read there, too. */
export function inFraming(made: HttpResponse, framing: Framing): HttpResponse {
  if (!OF_AN_OPERATION.has(made.status)) return made;
  const { body, encoding } = made;
  return {
    status: 200,
    headers: framing.headers,
    body: `${framing.begin}${framing.message(body.trimEnd())}${framing.end(undefined)}`,
    ...(encoding !== undefined && { encoding }),
  };
}

/** The request of such a client, as one that takes JSON. */
export function askingForJson({ method, url, headers }: AskedRequest): AskedRequest {
  return {
    ...(method !== undefined && { method }),
    ...(url !== undefined && { url }),
    headers: { ...headers, accept: "*/*" },
  };
}
