import type { IncomingMessage, RequestListener } from "node:http";
import type { Socket } from "node:net";
import cors from "@fastify/cors";
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import type { InjectOptions } from "light-my-request";
import { withRequestSpan } from "../telemetry/spans.js";
import { createReadClient, type ReadClient } from "./client-address.js";
import { createClientErrorHandler } from "./client-error.js";
import { compressReplies } from "./compress-replies.js";
import { createNodeServer, TIME_OUTS, type TimeOuts } from "./connection-limits.js";
import { Drain } from "./drain.js";
import { NOT_FOUND, refusalBody, sendError } from "./error-response.js";
import { isGraphqlUrl } from "./graphql-url.js";
import { BODY_LIMIT } from "./json-body.js";
import { loggedError } from "./logged-error.js";
import type { Metrics } from "./metrics/metrics.js";
import { serveDocs } from "./page/docs-pages.js";
import { landingPage, wantsPage } from "./page/landing-page.js";
import { BUILT_WEB } from "./page/web-files.js";
import { serveWebPages } from "./page/web-pages.js";
import { requestId } from "./request-id.js";
import { createRequestLog, type TellRequest } from "./request-log.js";
import type { RequestNotes } from "./request-notes.js";
import { refusalOf } from "./request-refusal.js";
import { PAGE_HEADERS, SECURITY_HEADERS } from "./security-headers.js";
import type { TrustedProxies } from "./trusted-proxies.js";
import { takeUpgrades, type UpgradeListener } from "./upgrade.js";

export interface HttpServerOptions {
  readonly logger: FastifyBaseLogger;
  readonly corsOrigins: readonly string[];
  readonly metrics: Metrics;
  /** Absent: no proxy is believed. */
  readonly trustProxy?: TrustedProxies | undefined;
  /** Whether only names of this machine are answered to: where everybody may do everything. */
  readonly loopbackOnly: boolean;
  /** How many configs are served, for the page that people see. */
  readonly configs: () => number;
  /** Where the built pages are; absent: beside this program. */
  readonly webFolder?: string | undefined;
  /** Absent: those of production. */
  readonly timeOuts?: TimeOuts | undefined;
  /** What an answer says of the caller's rate. */
  readonly limitsOf?: ((request: object) => Readonly<Record<string, string>> | undefined) | undefined;
  /** Resolves when the store can answer, with the reason why it takes no writes if so; rejects when it cannot. */
  readonly checkReady: () => Promise<string | undefined>;
}

declare module "fastify" {
  interface FastifyRequest {
    /** What the face that serves the request has to say of it in the log. */
    notes: RequestNotes | undefined;
  }
}

interface GraphqlListeners {
  readonly request: RequestListener;
  readonly upgrade: UpgradeListener;
}

/** A face that takes its requests itself. */
interface ListeningFace {
  readonly isFor: (url: string) => boolean;
  readonly request: RequestListener;
}

interface HttpServer {
  readonly app: FastifyInstance;
  readonly readClient: ReadClient;
  /** Tells of each request that was answered: one line of the log, and one count. */
  readonly tell: TellRequest;
  /** Hands every request to `/graphql` to listeners; fastify never sees them. */
  readonly serveGraphql: (listeners: GraphqlListeners) => void;
  /** The same for the requests to another face. */
  readonly serveFace: (face: ListeningFace) => void;
  readonly drain: Drain;
}

/** Everything around the faces: ids, logs, limits, CORS, health, metrics, and the page for people. */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  let graphql: GraphqlListeners | undefined;
  let face: ListeningFace | undefined;
  const listener: RequestListener = (request, response) => {
    withRequestSpan(request, () => {
      const { url = "" } = request;
      if (graphql !== undefined && isGraphqlUrl(url)) graphql.request(request, response);
      else if (face?.isFor(url)) face.request(request, response);
      else app.routing(request, response);
    });
  };
  const graphqlRequestOn = (socket: Socket): IncomingMessage | undefined => {
    const request = drain.incompleteRequestOn(socket);
    return isGraphqlUrl(request?.url ?? "") ? request : undefined;
  };
  const timeOuts = options.timeOuts ?? TIME_OUTS;
  const app = Fastify({
    loggerInstance: options.logger.child({}, { serializers: { err: loggedError } }),
    // One line per request, of our own making.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "requestId" }),
    genReqId: requestId,
    bodyLimit: BODY_LIMIT,
    // A request that has begun to arrive when closing begins is answered; then its connection is closed.
    return503OnClosing: false,
    forceCloseConnections: "idle",
    serverFactory: () => createNodeServer(timeOuts, listener),
    clientErrorHandler: createClientErrorHandler(
      options.logger,
      options.metrics,
      graphqlRequestOn,
      (socket) => drain.isAnswering(socket),
    ),
    frameworkErrors: sendError,
    rewriteUrl: ({ url = "/" }) => withDecodablePath(url),
  });
  app.decorateRequest("notes", undefined);
  const drain = Drain.of(app.server);
  takeUpgrades(app.server, () => graphql?.upgrade);
  takeInjected(app, listener);
  // No route outside of the faces reads a body.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, _body, done) => done(null, undefined));
  const tell = createRequestLog(options.logger, options.metrics);
  const readClient = createReadClient(options.trustProxy);
  addHooks(app, options, readClient, tell);
  compressReplies(app);
  await app.register(cors, {
    origin: [...options.corsOrigins],
    methods: ["GET", "POST"],
    exposedHeaders: ["X-Request-ID"],
    maxAge: 600,
  });
  addPages(app, options, readClient, drain);
  app.setErrorHandler(sendError);
  app.setNotFoundHandler((_request, reply) => reply.code(404).send(NOT_FOUND));
  const serveGraphql = (listeners: GraphqlListeners): void => {
    graphql = listeners;
  };
  const serveFace = (added: ListeningFace): void => {
    face = added;
  };
  return { app, readClient, tell, serveGraphql, serveFace, drain };
}

/** Fastify's own `inject` knows its routes only. This one takes the way that a connection takes. */
function takeInjected(app: FastifyInstance, listener: RequestListener): void {
  const inject = async (request: InjectOptions | string) => {
    await app.ready();
    const { inject: ask } = await import("light-my-request");
    return ask(listener, request);
  };
  app.inject = inject as typeof app.inject;
}

function addHooks(
  app: FastifyInstance,
  { loopbackOnly, limitsOf }: HttpServerOptions,
  readClient: ReadClient,
  tell: TellRequest,
): void {
  app.addHook("onRequest", async (request, reply) => {
    readClient(request.raw);
    reply.headers({ "X-Request-ID": request.id, ...SECURITY_HEADERS });
    const refusal = refusalOf(request.raw, loopbackOnly);
    if (refusal === undefined) return;
    await reply
      .code(refusal.status)
      .headers(refusal.headers ?? {})
      .send(refusalBody(refusal));
  });
  app.addHook("onSend", async ({ raw }, reply) => {
    reply.headers(limitsOf?.(raw) ?? {});
  });
  app.addHook("onResponse", async (request, { statusCode, elapsedTime }) => {
    tell({
      request: request.raw,
      requestId: request.id,
      address: readClient(request.raw).address,
      route: request.routeOptions.url ?? "none",
      status: statusCode,
      milliseconds: elapsedTime,
      notes: request.notes,
    });
  });
}

function addPages(
  app: FastifyInstance,
  { metrics, configs, loopbackOnly, checkReady, webFolder = BUILT_WEB }: HttpServerOptions,
  readClient: ReadClient,
  drain: Drain,
): void {
  app.get("/health/live", async () => ({ status: "live" }));
  app.get("/health/ready", async (request, reply) => {
    const readiness = await readinessOf(checkReady, request.log);
    const body = drain.isAnnounced ? { ...readiness, ...ENDING } : readiness;
    return reply.code(body.status === "ready" ? 200 : 503).send(body);
  });
  app.get("/metrics", async (_request, reply) => {
    reply.type(metrics.registry.contentType);
    return metrics.registry.metrics();
  });
  app.get("/", async (request, reply) => {
    reply.header("vary", [reply.getHeader("vary") ?? [], "Accept"].flat().join(", "));
    if (!wantsPage(request)) return PLACES;
    return reply.headers(PAGE_HEADERS).send(landingPage(readClient(request.raw).origin, configs()));
  });
  serveDocs(app);
  serveWebPages(app, { folder: webFolder, access: loopbackOnly ? "open" : "token", readClient });
}

/** For programs that ask for `/`. */
const PLACES = {
  graphql: "/graphql",
  live: "/health/live",
  ready: "/health/ready",
  metrics: "/metrics",
};

interface Readiness {
  readonly status: "ready" | "not ready";
  readonly reads: "answered" | "refused";
  readonly writes: "accepted" | "refused";
  readonly reason?: string;
}

/** The server has been told to end, and answers meanwhile. */
const ENDING = { status: "not ready", reason: "The server is being stopped." } as const;

async function readinessOf(
  checkReady: HttpServerOptions["checkReady"],
  logger: FastifyBaseLogger,
): Promise<Readiness> {
  try {
    const obstacle = await checkReady();
    if (obstacle === undefined) return { status: "ready", reads: "answered", writes: "accepted" };
    logger.warn({ obstacle }, "no writes are taken");
    const reason = "The store takes no writes: the log says why.";
    return { status: "ready", reads: "answered", writes: "refused", reason };
  } catch (error) {
    logger.warn({ err: error }, "not ready");
    const reason = "The store cannot be read: the log says why.";
    return { status: "not ready", reads: "refused", writes: "refused", reason };
  }
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
