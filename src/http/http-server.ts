import { randomUUID } from "node:crypto";
import cors from "@fastify/cors";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
} from "fastify";
import { StrataError } from "../domain/errors.js";
import { acceptJson, BODY_LIMIT } from "./json-body.js";
import { landingPage } from "./landing-page.js";
import type { Metrics } from "./metrics.js";

export interface HttpServerOptions {
  readonly logger: FastifyBaseLogger;
  readonly corsOrigins: readonly string[];
  readonly metrics: Metrics;
  /** How many configs are served, for the page that people see. */
  readonly configs: number;
  /** Resolves when the store can answer; rejects when it cannot. */
  readonly checkReady: () => Promise<unknown>;
}

/** Everything around the faces: ids, logs, limits, CORS, health, metrics, and the page for people. */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: options.logger,
    // One line per request, of our own making.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestId,
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: "idle",
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    http: { headersTimeout: 10_000 },
  });
  acceptJson(app);
  await app.register(cors, {
    origin: [...options.corsOrigins],
    methods: ["GET", "POST"],
    exposedHeaders: ["X-Request-ID"],
    maxAge: 600,
  });
  addHooks(app);
  addPages(app, options);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send(errorBody("NOT_FOUND", "There is nothing here. GraphQL is at POST /graphql.")),
  );
  return app;
}

function addHooks(app: FastifyInstance): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.header("X-Request-ID", request.id).header("X-Content-Type-Options", "nosniff");
    if (!isLoopbackName(request.hostname)) {
      // A page elsewhere can point a name of its own at this machine; the browser then takes us for that page's server.
      await reply
        .code(421)
        .send(
          errorBody(
            "BAD_USER_INPUT",
            "Without access control, Strata answers to loopback names only: use 127.0.0.1 or localhost.",
          ),
        );
    }
  });
  app.addHook("onResponse", async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        path: pathOf(request),
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
      await checkReady();
      return { status: "ready" };
    } catch (error) {
      request.log.warn({ err: error }, "not ready");
      return reply.code(503).send({ status: "not ready", reason: "The store does not answer." });
    }
  });
  app.get("/metrics", async (_request, reply) => {
    reply.type(metrics.registry.contentType);
    return metrics.registry.metrics();
  });
  const showPage = (request: FastifyRequest): string =>
    landingPage(`${request.protocol}://${request.host}/graphql`, configs);
  app.addHook("preHandler", async (request, reply) => {
    const isPage = pathOf(request) === "/" || pathOf(request) === "/graphql";
    if (request.method !== "GET" || !isPage || !wantsPage(request)) return;
    await reply
      .type("text/html; charset=utf-8")
      .header(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      )
      .header("Referrer-Policy", "no-referrer")
      .send(showPage(request));
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

/** Without the query, which may hold what does not belong in a log. */
function pathOf(request: FastifyRequest): string {
  return request.url.split("?", 1)[0] ?? "";
}

function wantsPage(request: FastifyRequest): boolean {
  return request.headers.accept?.includes("text/html") === true;
}

function isLoopbackName(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname === "[::1]" ||
    hostname === "::1" ||
    /^127(\.\d{1,3}){3}$/.test(hostname)
  );
}

function answerError(
  error: FastifyError | StrataError,
  request: FastifyRequest,
  reply: { code(status: number): { send(body: unknown): unknown } },
): unknown {
  if (error instanceof StrataError) {
    const status = (error as { statusCode?: number }).statusCode ?? 400;
    return reply.code(status).send(errorBody(error.code, error.message));
  }
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    const message = `The body is over the limit of ${BODY_LIMIT} bytes.`;
    return reply.code(413).send(errorBody("BAD_USER_INPUT", message, { limit: "body" }));
  }
  const status = error.statusCode ?? 500;
  if (status < 500) return reply.code(status).send(errorBody("BAD_USER_INPUT", error.message));
  request.log.error({ err: error }, "unexpected error");
  const message = `Something went wrong on our side. Incident ${request.id}.`;
  return reply.code(500).send(errorBody("INTERNAL_SERVER_ERROR", message, { incident: request.id }));
}

/** The shape of GraphQL errors, so that clients of the endpoint have one shape to read. */
function errorBody(code: string, message: string, extensions: Record<string, string> = {}): unknown {
  return { errors: [{ message, extensions: { code, ...extensions } }] };
}
