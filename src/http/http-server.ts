import cors from "@fastify/cors";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
} from "fastify";
import { createClientErrorHandler } from "./client-error.js";
import { connectionOptions, HEADER_LIMITS, TIME_OUTS, type TimeOuts } from "./connection-limits.js";
import { Drain } from "./drain.js";
import { answerError, errorBody, refusalBody } from "./error-answer.js";
import { acceptJson, BODY_LIMIT } from "./json-body.js";
import { landingPage } from "./landing-page.js";
import { loggedError } from "./logged-error.js";
import type { Metrics } from "./metrics.js";
import { QuickLane } from "./quick-lane.js";
import { requestId } from "./request-id.js";
import { createRequestLog, pathOf, type TellRequest } from "./request-log.js";
import { refusalOf } from "./request-refusal.js";
import { PAGE_HEADERS, SECURITY_HEADERS } from "./security-headers.js";

export interface HttpServerOptions {
  readonly logger: FastifyBaseLogger;
  readonly corsOrigins: readonly string[];
  readonly metrics: Metrics;
  /** Whether only names of this machine are answered to: where everybody may do everything. */
  readonly loopbackOnly: boolean;
  /** How many configs are served, for the page that people see. */
  readonly configs: number;
  /** Absent: those of production. */
  readonly timeOuts?: TimeOuts | undefined;
  /** Resolves when the store can answer, with the reason why it takes no writes if so; rejects when it cannot. */
  readonly checkReady: () => Promise<string | undefined>;
}

interface HttpServer {
  readonly app: FastifyInstance;
  /** The way past all of it, for answers that are there already. */
  readonly quickLane: QuickLane;
  readonly drain: Drain;
}

/** Everything around the faces: ids, logs, limits, CORS, health, metrics, and the page for people. */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const app = Fastify({
    loggerInstance: options.logger.child({}, { serializers: { err: loggedError } }),
    // One line per request, of our own making.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "requestId" }),
    genReqId: requestId,
    bodyLimit: BODY_LIMIT,
    // What has begun to come when the end begins is answered, whoever has read it so far; then its connection is closed.
    return503OnClosing: false,
    ...connectionOptions(options.timeOuts ?? TIME_OUTS),
    clientErrorHandler: createClientErrorHandler(options.logger, options.metrics),
    frameworkErrors: answerError,
    rewriteUrl: ({ url = "/" }) => withDecodablePath(url),
  });
  // One more tells that there are too many.
  app.server.maxHeadersCount = HEADER_LIMITS.count + 1;
  acceptJson(app);
  const tell = createRequestLog(options.logger, options.metrics);
  const quickLane = QuickLane.before(app, { ...options, tell });
  const drain = Drain.of(app.server);
  addHooks(app, options, tell);
  await app.register(cors, {
    origin: [...options.corsOrigins],
    methods: ["GET", "POST"],
    exposedHeaders: ["X-Request-ID"],
    maxAge: 600,
  });
  addPages(app, options);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send(errorBody("NOT_FOUND", "There is nothing here. GraphQL is at POST /graphql.")),
  );
  return { app, quickLane, drain };
}

function addHooks(app: FastifyInstance, { loopbackOnly }: HttpServerOptions, tell: TellRequest): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({ ...SECURITY_HEADERS, "X-Request-ID": request.id });
    const refusal = refusalOf(request.raw, loopbackOnly);
    if (refusal === undefined) return;
    await reply
      .code(refusal.status)
      .headers(refusal.headers ?? {})
      .send(refusalBody(refusal));
  });
  app.addHook("onResponse", async ({ id, method, url, routeOptions }, { statusCode, elapsedTime }) => {
    const route = routeOptions.url ?? "none";
    tell({ requestId: id, method, url, route, status: statusCode, milliseconds: elapsedTime });
  });
}

function addPages(app: FastifyInstance, { metrics, configs, checkReady }: HttpServerOptions): void {
  app.get("/health/live", async () => ({ status: "live" }));
  app.get("/health/ready", async (request, reply) => {
    try {
      const obstacle = await checkReady();
      if (obstacle === undefined) return { status: "ready", reads: "answered", writes: "accepted" };
      request.log.warn({ obstacle }, "no writes are taken");
      return {
        status: "ready",
        reads: "answered",
        writes: "refused",
        reason: "The store takes no writes: the log says why.",
      };
    } catch (error) {
      request.log.warn({ err: error }, "not ready");
      return reply.code(503).send({
        status: "not ready",
        reads: "refused",
        writes: "refused",
        reason: "The store cannot be read: the log says why.",
      });
    }
  });
  app.get("/metrics", async (_request, reply) => {
    reply.type(metrics.registry.contentType);
    return metrics.registry.metrics();
  });
  app.addHook("preHandler", async (request, reply) => {
    const isPage = pathOf(request.url) === "/" || pathOf(request.url) === "/graphql";
    if (request.method !== "GET" || !isPage || !wantsPage(request)) return;
    const endpoint = `${request.protocol}://${request.host}/graphql`;
    await reply.headers(PAGE_HEADERS).send(landingPage(endpoint, configs));
  });
  app.get("/", async () => ({
    graphql: "/graphql",
    live: "/health/live",
    ready: "/health/ready",
    metrics: "/metrics",
  }));
}

/**
 * The router answers malformed percent-encoding before any hook, and not in the shape that the faces promise. With its
 * percent signs taken literally the path names nothing, and the face says so.
 */
function withDecodablePath(url: string): string {
  const [path = "", ...query] = url.split("?");
  try {
    decodeURI(path);
    return url;
  } catch {
    return [path.replaceAll("%", "%25"), ...query].join("?");
  }
}

function wantsPage(request: FastifyRequest): boolean {
  return request.headers.accept?.includes("text/html") === true;
}
