import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import cors from "@fastify/cors";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";
import { type ErrorCode, StrataError } from "../domain/errors.js";
import { acceptJson, BODY_LIMIT } from "./json-body.js";
import { landingPage } from "./landing-page.js";
import { loggedError } from "./logged-error.js";
import type { Metrics } from "./metrics.js";

/** Characters of a path that a log line shows. */
const LOGGED_PATH = 256;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;
const LOOPBACK_ONLY =
  "Without access control, Strata answers to loopback names only: use 127.0.0.1 or localhost.";
const PAGE_HEADERS = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy":
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
};

export interface HttpServerOptions {
  readonly logger: FastifyBaseLogger;
  readonly corsOrigins: readonly string[];
  readonly metrics: Metrics;
  /** Whether only names of this machine are answered to: where everybody may do everything. */
  readonly loopbackOnly: boolean;
  /** How many configs are served, for the page that people see. */
  readonly configs: number;
  /** Resolves when the store can answer, with the reason why it takes no writes if so; rejects when it cannot. */
  readonly checkReady: () => Promise<string | undefined>;
}

/** Everything around the faces: ids, logs, limits, CORS, health, metrics, and the page for people. */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: options.logger.child({}, { serializers: { err: loggedError } }),
    // One line per request, of our own making.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "requestId" }),
    genReqId: requestId,
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: "idle",
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    http: { headersTimeout: 10_000 },
    frameworkErrors: answerError,
    rewriteUrl: ({ url = "/" }) => withDecodablePath(url),
  });
  acceptJson(app);
  addHooks(app, options);
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
  return app;
}

function addHooks(app: FastifyInstance, { metrics, loopbackOnly }: HttpServerOptions): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.header("X-Request-ID", request.id).header("X-Content-Type-Options", "nosniff");
    // A page elsewhere can point a name of its own at this machine; the browser then takes us for that page's server.
    if (loopbackOnly && !LOOPBACK.test(request.host))
      await reply.code(421).send(errorBody("BAD_USER_INPUT", LOOPBACK_ONLY));
  });
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "none";
    metrics.httpRequest(request.method, route, reply.statusCode, reply.elapsedTime / 1_000);
    request.log.info(
      {
        method: request.method,
        path: pathOf(request).slice(0, LOGGED_PATH),
        status: reply.statusCode,
        milliseconds: Math.round(reply.elapsedTime * 100) / 100,
      },
      "request",
    );
  });
}

function addPages(app: FastifyInstance, { metrics, configs, checkReady }: HttpServerOptions): void {
  app.get("/health/live", async () => ({ status: "live" }));
  app.get("/health/ready", async (request, reply) => {
    try {
      const obstacle = await checkReady();
      if (obstacle === undefined) return { status: "ready", writes: "accepted" };
      request.log.warn({ obstacle }, "no writes are taken");
      return { status: "ready", writes: "refused" };
    } catch (error) {
      request.log.warn({ err: error }, "not ready");
      return reply.code(503).send({ status: "not ready", reason: "The store does not answer." });
    }
  });
  app.get("/metrics", async (_request, reply) => {
    reply.type(metrics.registry.contentType);
    return metrics.registry.metrics();
  });
  app.addHook("preHandler", async (request, reply) => {
    const isPage = pathOf(request) === "/" || pathOf(request) === "/graphql";
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

function requestId(request: { headers: NodeJS.Dict<string | string[]> }): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && /^[A-Za-z0-9_.:-]{1,64}$/.test(given) ? given : randomUUID();
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

/** Without the query, which may hold what does not belong in a log. */
function pathOf(request: FastifyRequest): string {
  return request.url.split("?", 1)[0] ?? "";
}

function wantsPage(request: FastifyRequest): boolean {
  return request.headers.accept?.includes("text/html") === true;
}

/** What is refused before a face sees it, where 400 is not the word. */
const STATUS_OF: Readonly<Partial<Record<ErrorCode, number>>> = { RATE_LIMITED: 429, UNAUTHENTICATED: 401 };

/** Never quotes the request: what fastify says of a bad path or content type does. */
function answerError(
  error: FastifyError | StrataError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  reply.header("X-Request-ID", request.id);
  if (error instanceof StrataError) {
    const { code, message, pointer, limit } = error;
    const extensions = { ...(pointer !== undefined && { pointer }), ...(limit !== undefined && { limit }) };
    if (error.retryAfter !== undefined) reply.header("Retry-After", error.retryAfter);
    return reply.code(statusOf(error) ?? STATUS_OF[code] ?? 400).send(errorBody(code, message, extensions));
  }
  const status = statusOf(error) ?? 500;
  if (status === 413) {
    const message = `The body is over the limit of ${BODY_LIMIT} bytes.`;
    return reply.code(status).send(errorBody("BAD_USER_INPUT", message, { limit: "body" }));
  }
  if (status < 500) {
    return reply.code(status).send(errorBody("BAD_USER_INPUT", `${STATUS_CODES[status] ?? "Bad Request"}.`));
  }
  request.log.error({ err: error, incident: request.id }, "unexpected error");
  const message = `Something went wrong on our side. Incident ${request.id}.`;
  return reply.code(500).send(errorBody("INTERNAL_SERVER_ERROR", message, { incident: request.id }));
}

function statusOf(error: FastifyError | StrataError): number | undefined {
  return (error as { statusCode?: number }).statusCode;
}

/** The shape of GraphQL errors, so that clients of the endpoint have one shape to read. */
function errorBody(code: string, message: string, extensions: Record<string, string> = {}): unknown {
  return { errors: [{ message, extensions: { code, ...extensions } }] };
}
