import type { IncomingMessage, RequestListener } from "node:http";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import { callerOf } from "../../auth/rate-limit.js";
import { challengeFor } from "../../auth/token-header.js";
import { contentTypeFor } from "../../http/content-type.js";
import { errorResponse } from "../../http/error-response.js";
import {
  createFaceListener,
  type Face,
  type FaceServerOptions,
  type Made,
  type ServedRequest,
} from "../../http/face-server.js";
import type { HttpResponse } from "../../http/http-response.js";
import { parseJson, readBody } from "../../http/json-body.js";
import type { UpgradeListener } from "../../http/upgrade.js";
import { startApolloServer } from "./apollo-server.js";
import { refuseCrossSite } from "./cross-site.js";
import type { Identify } from "./identify.js";
import { cacheKeyOf } from "./incoming-request.js";
import { type Exchange, OperationPipeline, type PipelineOptions } from "./operation-pipeline.js";
import { PipelineNotes } from "./pipeline-notes.js";
import { PreparedQueries } from "./query/prepared-queries.js";
import { answerPreflight, hasJson, pageFor, refuse } from "./response/early-response.js";
import { createErrorReport } from "./response/error-report.js";
import { collectEvidence } from "./response/evidence.js";
import { jsonResponse } from "./response/graphql-response.js";
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

export interface GraphqlOptions extends PipelineOptions, HttpStreamOptions, FaceServerOptions {
  readonly identify: Identify;
  /** The execution at which a query is compiled; absent: the one that pays. */
  readonly compileAt?: number | undefined;
  readonly introspection: boolean;
  /** Whether only names of this machine are answered to. */
  readonly loopbackOnly: boolean;
  /** Whose pages may read responses. */
  readonly corsOrigins: readonly string[];
  /** How many configs are served, for the page that people see. */
  readonly configs: () => number;
  readonly newId: () => string;
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
  const request = createFaceListener(app, handler, options);
  app.addHook("preClose", async () => {
    options.streams.close();
    await apollo.stop();
  });
  return { request, upgrade: createWebSockets({ ...options, pipeline, logger: app.log }) };
}

type Served = ServedRequest<PipelineNotes>;

class GraphqlHandler implements Face<PipelineNotes> {
  constructor(
    private readonly options: GraphqlOptions,
    private readonly pipeline: OperationPipeline,
    private readonly streams: HttpStreams,
    private readonly logger: FastifyBaseLogger,
  ) {}

  openNotes(): PipelineNotes {
    return new PipelineNotes();
  }

  routeOf(): string {
    return "/graphql";
  }

  async respond(served: Served): Promise<Made | undefined> {
    const { request, requestId, notes } = served;
    const made = await this.#respond(served);
    if (made === undefined) return undefined;
    if ("results" in made)
      return { send: (response) => this.streams.send(request, response, requestId, made) };
    notes.responded(made);
    return challenging(request, made);
  }

  refuse(error: unknown, { request, requestId, notes }: Served): HttpResponse {
    const { status, body, headers } = errorResponse(error, requestId, this.logger);
    const made = jsonResponse(request.headers.accept, status, body, headers);
    notes.responded(made);
    return challenging(request, made);
  }

  /** The steps of every request. Undefined: the client went away. */
  async #respond({
    request,
    requestId,
    startedAt,
    notes,
  }: Served): Promise<HttpResponse | FramedStream | undefined> {
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
      requestId,
      startedAt,
      notes,
      principal,
      json: () => body && parseJson(body),
      contentType: contentTypeFor(asked.headers.accept),
      cacheKey: cacheKeyOf(request, body ?? undefined),
      stream: accepted && {
        caller: callerOf(principal, address),
        lastEventId: request.headers["last-event-id"]?.toString() || undefined,
      },
    };
    const made = await this.pipeline.run(exchange);
    if (made instanceof ResultStream)
      return accepted && { results: made, framing: accepted.framing, principal };
    return accepted?.isForAll && exchange.hasQuery ? inFraming(made, accepted.framing) : made;
  }
}

function challenging({ headers }: IncomingMessage, made: HttpResponse): HttpResponse {
  if (made.status !== 401) return made;
  return { ...made, headers: { ...made.headers, "www-authenticate": challengeFor(headers) } };
}
