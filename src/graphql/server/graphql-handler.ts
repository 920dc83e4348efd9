import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import { callerOf } from "../../auth/rate-limit.js";
import { challengeFor } from "../../auth/token-header.js";
import type { ReadClient } from "../../http/client-address.js";
import { contentTypeFor } from "../../http/content-type.js";
import { errorResponse } from "../../http/error-response.js";
import { parseJson, readBody } from "../../http/json-body.js";
import { requestId } from "../../http/request-id.js";
import type { TellRequest } from "../../http/request-log.js";
import type { UpgradeListener } from "../../http/upgrade.js";
import { startApolloServer } from "./apollo-server.js";
import { refuseCrossSite } from "./cross-site.js";
import type { Identify } from "./identify.js";
import { cacheKeyOf } from "./incoming-request.js";
import { type Exchange, OperationPipeline, type PipelineOptions } from "./operation-pipeline.js";
import { PipelineNotes } from "./pipeline-notes.js";
import { PreparedQueries } from "./query/prepared-queries.js";
import { compressed, compressionOf } from "./response/compressed-response.js";
import { answerPreflight, hasJson, pageFor, refuse } from "./response/early-response.js";
import { createErrorReport } from "./response/error-report.js";
import { collectEvidence } from "./response/evidence.js";
import { type GraphqlResponse, jsonResponse } from "./response/graphql-response.js";
import { type ResponseHeaders, withContent } from "./response/response-headers.js";
import { acceptedFraming } from "./stream/accepted-framing.js";
import {
  askingForJson,
  type FramedStream,
  type HttpStreamOptions,
  HttpStreams,
  inFraming,
} from "./stream/http-streams.js";
import { ResultStream } from "./stream/result-stream.js";
import { SSE } from "./stream/sse-framing.js";
import { createWebSockets } from "./stream/web-sockets.js";

export interface GraphqlOptions extends PipelineOptions, HttpStreamOptions {
  readonly identify: Identify;
  readonly readClient: ReadClient;
  /** The execution at which a query is compiled; absent: the one that pays. */
  readonly compileAt?: number | undefined;
  readonly introspection: boolean;
  /** Whether only names of this machine are answered to. */
  readonly loopbackOnly: boolean;
  readonly responseHeaders: ResponseHeaders;
  /** Whose pages may read responses. */
  readonly corsOrigins: readonly string[];
  /** How many configs are served, for the page that people see. */
  readonly configs: () => number;
  readonly newId: () => string;
  readonly tell: TellRequest;
}

export interface GraphqlListeners {
  /** Takes all requests to `/graphql`. */
  readonly request: RequestListener;
  /** Takes those that are to become a WebSocket. */
  readonly upgrade: UpgradeListener;
}

/** Starts everything that serves GraphQL. */
export async function createGraphqlListener(
  app: FastifyInstance,
  options: GraphqlOptions,
): Promise<GraphqlListeners> {
  const { schema } = options;
  collectEvidence(schema);
  const queries = new PreparedQueries(schema, options.compileAt);
  const errors = createErrorReport(app.log, options.newId);
  const apollo = await startApolloServer({
    ...options,
    queries,
    errors,
    httpServer: app.server,
    logger: app.log,
  });
  const pipeline = new OperationPipeline(options, queries, apollo, errors, app.log);
  const handler = new GraphqlHandler(options, pipeline, new HttpStreams(options, app.log), app.log);
  app.addHook("preClose", async () => {
    handler.isClosing = true;
    options.streams.close();
    await apollo.stop();
  });
  return {
    request(request, response) {
      // Nobody else would hear of an error here: the connection ends, and the process goes on.
      handler.serve(request, response).catch(() => request.destroy());
    },
    upgrade: createWebSockets({ ...options, pipeline, logger: app.log }),
  };
}

/** What a request is answered with: at once, or a stream in a framing. */
type Made = GraphqlResponse | FramedStream;

class GraphqlHandler {
  /** From then on each connection is closed after its response. */
  isClosing = false;

  constructor(
    private readonly options: GraphqlOptions,
    private readonly pipeline: OperationPipeline,
    private readonly streams: HttpStreams,
    private readonly logger: FastifyBaseLogger,
  ) {}

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = performance.now();
    const id = requestId(request);
    const { address } = this.options.readClient(request);
    const notes = new PipelineNotes();
    const made = await this.#respond(request, id, startedAt, notes).catch((error: unknown) => {
      const { status, body, headers } = errorResponse(error, id, this.logger);
      return jsonResponse(request.headers.accept, status, body, headers);
    });
    const stream = made !== undefined && "results" in made ? made : undefined;
    const whole = made !== undefined && "status" in made ? made : undefined;
    if (whole !== undefined) await this.#answer(request, response, id, whole);
    notes.responded(whole);
    // A stream may last for hours: this tells that it has begun, and another line how it has ended.
    this.options.tell({
      request,
      requestId: id,
      address,
      route: "/graphql",
      status: stream === undefined ? (whole?.status ?? 400) : 200,
      milliseconds: performance.now() - startedAt,
      notes,
    });
    if (stream !== undefined) await this.streams.send(request, response, id, stream);
  }

  /** The steps of every request. Undefined: the client went away. */
  async #respond(
    request: IncomingMessage,
    id: string,
    startedAt: number,
    notes: PipelineNotes,
  ): Promise<Made | undefined> {
    const { loopbackOnly, identify, readClient, configs, corsOrigins } = this.options;
    const early = refuse(request, loopbackOnly) ?? answerPreflight(request);
    if (early !== undefined) return early;
    const principal = await identify(request);
    notes.subject = principal.subject;
    const { origin, address } = readClient(request);
    const accepted = acceptedFraming(request);
    const origins = { own: origin, allowed: corsOrigins };
    const refused =
      pageFor(request, readClient, configs()) ?? refuseCrossSite(request, origins, accepted?.framing === SSE);
    if (refused !== undefined) return refused;
    const body = hasJson(request) ? await readBody(request) : null;
    if (body === undefined) return undefined;
    const asked = accepted?.isForAll ? askingForJson(request) : request;
    const exchange: Exchange = {
      request: asked,
      requestId: id,
      startedAt,
      notes,
      principal,
      json: () => body && parseJson(body),
      contentType: contentTypeFor(asked.headers.accept),
      cacheKey: cacheKeyOf(request, body ?? undefined),
      stream: accepted && {
        caller: callerOf(principal, address),
        lastEventId: request.headers["last-event-id"]?.toString(),
      },
    };
    const made = await this.pipeline.run(exchange);
    if (made instanceof ResultStream)
      return accepted && { results: made, framing: accepted.framing, principal };
    return accepted?.isForAll && exchange.hasQuery ? inFraming(made, accepted.framing) : made;
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    id: string,
    made: GraphqlResponse,
  ): Promise<void> {
    const coding = compressionOf(request, made);
    const content = coding === undefined ? made : await compressed(made, coding);
    this.#send(request, response, id, challenging(request, content));
  }

  #send(request: IncomingMessage, response: ServerResponse, id: string, made: GraphqlResponse): void {
    const { status, headers, body, encoding = "utf8" } = made;
    const all = withContent(this.options.responseHeaders(request, id), headers);
    const bytes = Buffer.byteLength(body, encoding);
    all.push("content-length", String(bytes));
    if (this.isClosing) all.push("connection", "close");
    response.writeHead(status, all);
    // A byte for each character: then the text is ASCII, and Node writes it several times as fast as UTF-8.
    response.end(request.method === "HEAD" ? "" : body, bytes === body.length ? "latin1" : encoding);
  }
}

function challenging({ headers }: IncomingMessage, made: GraphqlResponse): GraphqlResponse {
  if (made.status !== 401) return made;
  return { ...made, headers: { ...made.headers, "www-authenticate": challengeFor(headers) } };
}
