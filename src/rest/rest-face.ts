import type { IncomingMessage } from "node:http";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Principal } from "../auth/principal.js";
import { StrataError } from "../domain/errors.js";
import type { RequestJournal } from "../service/request-journal.js";
import type { CallerStreams } from "../stream/caller-streams.js";
import { refusal } from "./answer.js";
import { CONFIG_ROUTES } from "./config-routes.js";
import { isCrossSiteWrite } from "./cross-site.js";
import { envelope, type Sender } from "./envelope.js";
import { answerError } from "./error-answer.js";
import { noteError } from "./note-request.js";
import { openapiRoute } from "./openapi/openapi-document.js";
import { validateExactly } from "./openapi/validate-request.js";
import { acceptJsonBodies, type ReadJson } from "./request-body.js";
import { targetOf } from "./rest-request.js";
import { PREFIX, type RestContext, type RestRoute } from "./route.js";
import { send } from "./send.js";
import { createSender } from "./sender.js";
import { serveRoutes } from "./serve-routes.js";
import { answerUnknownPath } from "./unknown-path.js";

export interface RestFaceOptions {
  readonly createContext: (principal: Principal, journal: RequestJournal) => RestContext;
  readonly streams: CallerStreams;
  /** @throws StrataError UNAUTHENTICATED, RATE_LIMITED */
  readonly identify: (request: IncomingMessage) => Promise<Principal>;
  /** What the client of a request calls this server: scheme and host. */
  readonly originOf: (request: IncomingMessage) => string;
  readonly readJson: ReadJson;
  /** Origins whose pages may write. */
  readonly corsOrigins: readonly string[];
  readonly now: () => Date;
}

/** Over what the server says everywhere: these routes know more methods, and answer an OPTIONS that is no preflight. */
const CORS = {
  methods: ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"],
  exposedHeaders: [
    "X-Request-ID",
    "ETag",
    "Location",
    "Retry-After",
    "Idempotent-Replayed",
    "WWW-Authenticate",
    "RateLimit",
    "RateLimit-Policy",
  ],
  strictPreflight: false,
  preflightContinue: true,
};
const CROSS_SITE =
  "This looks like a page of another site writing on its visitor's behalf. Send a token in X-Auth-Token, or have the page's origin allowed.";

/** Serves KAZOO's "configs" resource under `/v2`: routes, envelope and error shape over the use-cases, no rule of its own. */
export async function addRestFace(app: FastifyInstance, options: RestFaceOptions): Promise<void> {
  const sender = createSender(options.now);
  const routes = [...CONFIG_ROUTES, openapiRoute(CONFIG_ROUTES, sender.version)];
  await app.register(
    async (face) => {
      acceptJsonBodies(face, options.readJson);
      validateExactly(face);
      refuseEarly(face, sender, options);
      answerErrors(face, sender);
      serveRoutes(face, { ...options, routes, sender, config: { cors: CORS } });
      addElsewhere(face, sender, routes);
    },
    { prefix: PREFIX },
  );
}

function addElsewhere(face: FastifyInstance, sender: Sender, routes: readonly RestRoute[]): void {
  const answer = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
    send(sender, request, reply, answerUnknownPath(routes, request));
  // In a hook: whatever body there is, nobody has to read it.
  const options = {
    config: { cors: CORS },
    onRequest: async (request: FastifyRequest, reply: FastifyReply) => answer(request, reply),
    onSend: withoutBody,
  };
  for (const url of ["", "/*"]) face.all(url, options, answer);
  face.setNotFoundHandler(answer);
}

/** For HEAD, as fastify does by itself for the HEAD that comes with a GET. */
async function withoutBody(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  const isBody = typeof payload === "string" || Buffer.isBuffer(payload);
  if (request.method !== "HEAD" || !isBody) return payload;
  reply.header("Content-Length", Buffer.byteLength(payload));
  return null;
}

function refuseEarly(
  face: FastifyInstance,
  sender: Sender,
  { corsOrigins, originOf }: RestFaceOptions,
): void {
  face.addHook("onRequest", async (request, reply) => {
    if (isCrossSiteWrite(request, originOf(request.raw), corsOrigins))
      return send(sender, request, reply, refusal(403, CROSS_SITE));
  });
}

function answerErrors(face: FastifyInstance, sender: Sender): void {
  face.setErrorHandler((error: FastifyError | StrataError, request, reply) => {
    noteError(request, error);
    const answer = answerError(error, { incident: request.id, ...targetOf(request) });
    // A status that comes with one of our own errors is meant: nothing has failed.
    const isMeant = error instanceof StrataError && "statusCode" in error;
    if (answer.status >= 500 && !isMeant) request.log.error({ err: error }, "request failed");
    return send(sender, request, reply, answer);
  });
  // Refusals made by the server for both APIs have the shape of GraphQL errors.
  face.addHook("preSerialization", async (request, reply, payload) => {
    const refused = serverRefusal(payload);
    if (refused === undefined) return payload;
    const { content } = refusal(reply.statusCode, refused.message, refused.data);
    return content && envelope(sender, request, content);
  });
}

function serverRefusal(payload: unknown): { message: string; data: Record<string, string> } | undefined {
  const { errors } = payload as {
    errors?: readonly { message?: unknown; extensions?: { limit?: string } }[];
  };
  const error = Array.isArray(errors) ? errors[0] : undefined;
  if (typeof error?.message !== "string") return undefined;
  const limit = error.extensions?.limit;
  return { message: error.message, data: limit === undefined ? {} : { limit } };
}
