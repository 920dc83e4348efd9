import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { NOBODY, type Principal } from "../auth/principal.js";
import { challengeFor } from "../auth/token-header.js";
import { StrataError } from "../domain/errors.js";
import { entityTag, namedTag } from "../rest/entity-tag.js";
import { acceptJsonBodies, type ReadJson } from "../rest/request-body.js";
import { authorizeAtAll } from "../service/authorize.js";
import type { ConfigService } from "../service/config-service.js";
import type { RequestReader } from "../service/read/request-reader.js";
import { RequestJournal } from "../service/request-journal.js";
import { withApiKey } from "./api-key.js";
import { refusalOf } from "./error-refusal.js";
import { targetAccount, wantedConfigs } from "./evaluation-request.js";
import { bulkTag, evaluateAll, evaluateFlag } from "./flag-evaluation.js";
import { parseFlagKey } from "./flag-key.js";
import { OfrepRefusal } from "./ofrep-refusal.js";

/** The services and the reader of one request. */
export interface OfrepContext {
  readonly principal: Principal;
  readonly configs: ConfigService;
  readonly reader: RequestReader;
}

export interface OfrepFaceOptions {
  readonly createContext: (principal: Principal, journal: RequestJournal) => OfrepContext;
  /** @throws StrataError UNAUTHENTICATED, RATE_LIMITED */
  readonly identify: (request: IncomingMessage, headers: IncomingHttpHeaders) => Promise<Principal>;
  readonly readJson: ReadJson;
}

const PREFIX = "/ofrep/v1/evaluate/flags";
/** Over what the server says everywhere: pages read these too. */
const CORS = {
  exposedHeaders: [
    "X-Request-ID",
    "ETag",
    "Retry-After",
    "WWW-Authenticate",
    "RateLimit",
    "RateLimit-Policy",
  ],
};
const NO_SUCH_FLAG =
  'There is no setting of this key. A key is "<config>:<names joined by dots>": npx strata manifest lists them.';

/** Serves OpenFeature's Remote Evaluation Protocol (OFREP 0.3): settings as flags, over the use-cases, no rule of its own. */
export async function addOfrepFace(app: FastifyInstance, options: OfrepFaceOptions): Promise<void> {
  await app.register(
    async (face) => {
      acceptJsonBodies(face, options.readJson);
      answerErrors(face);
      const served = new ServedFlags(options);
      const config = { cors: CORS };
      const onRequest = (request: FastifyRequest) => served.identify(request);
      face.post("", { config, onRequest }, (request, reply) => served.answerBulk(request, reply));
      // A key may hold slashes, and not every provider encodes them.
      face.post("/*", { config, onRequest }, (request, reply) => served.answerFlag(request, reply));
    },
    { prefix: PREFIX },
  );
}

class ServedFlags {
  readonly #principals = new WeakMap<FastifyRequest, Principal>();

  constructor(private readonly options: OfrepFaceOptions) {}

  /** Before the body is read. */
  async identify(request: FastifyRequest): Promise<void> {
    const principal = await this.options.identify(request.raw, withApiKey(request.headers));
    this.#principals.set(request, principal);
    request.notes = { route: request.routeOptions.url, subject: principal.subject };
    authorizeAtAll(principal, "read");
  }

  async answerFlag(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const key = keyOf(request) ?? "";
    const flag = await this.#noted(request, async ({ principal, configs, reader }) => {
      const accountId = targetAccount(request.body, principal);
      const setting = parseFlagKey(key);
      if (setting === undefined) throw noSuchFlag();
      const { configId, pointer } = setting;
      request.notes = { ...request.notes, account: accountId, config: configId };
      const snapshot = await configs
        .effective(principal, { accountId, configId }, reader)
        .catch(refuseUnknownConfig);
      return evaluateFlag(snapshot, pointer, key);
    });
    if (flag === undefined) throw noSuchFlag();
    return reply.send(flag);
  }

  async answerBulk(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const snapshots = await this.#noted(request, ({ principal, configs, reader }) => {
      const accountId = targetAccount(request.body, principal);
      const named = wantedConfigs(request.query);
      // Before anything is read: a list may be long.
      for (const configId of named ?? []) configs.accountSchema(principal, configId);
      const configIds = named ?? configs.accountConfigIds();
      request.notes = { ...request.notes, account: accountId };
      return Promise.all(
        configIds.map((configId) => configs.effective(principal, { accountId, configId }, reader)),
      );
    });
    const etag = bulkTag(snapshots);
    const known = request.headers["if-none-match"];
    const named = known === undefined ? undefined : namedTag(known, etag);
    reply.headers({ ETag: entityTag(named ?? etag), "Cache-Control": "private, no-cache" });
    if (named !== undefined) return reply.code(304).send();
    return reply.send({ flags: snapshots.flatMap(evaluateAll) });
  }

  /** Does the work of a request, and says for the log what that took. */
  async #noted<T>(request: FastifyRequest, work: (context: OfrepContext) => Promise<T>): Promise<T> {
    const journal = new RequestJournal();
    const context = this.options.createContext(this.#principals.get(request) ?? NOBODY, journal);
    try {
      const done = await work(context);
      request.notes = { ...request.notes, outcomes: ["ok"] };
      return done;
    } finally {
      request.notes = { ...request.notes, storeCalls: journal.storeCalls };
    }
  }
}

function noSuchFlag(): OfrepRefusal {
  return new OfrepRefusal(404, "FLAG_NOT_FOUND", NO_SUCH_FLAG);
}

function refuseUnknownConfig(error: unknown): never {
  throw error instanceof StrataError && error.code === "CONFIG_NOT_FOUND" ? noSuchFlag() : error;
}

/** The key in the path, percent-decoded; undefined: the request is about many. */
function keyOf({ params }: FastifyRequest): string | undefined {
  return (params as { "*"?: string } | null)?.["*"];
}

function answerErrors(face: FastifyInstance): void {
  face.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error, request.id);
    const outcome = error instanceof StrataError ? error.code : refusal.code;
    request.notes = { ...request.notes, outcomes: [outcome] };
    if (refusal.status === 500) request.log.error({ err: error }, "request failed");
    if (refusal.status === 401) reply.header("WWW-Authenticate", challengeFor(withApiKey(request.headers)));
    return reply
      .code(refusal.status)
      .headers(refusal.headers)
      .send(failure(request, refusal.code, refusal.message));
  });
  // Refusals made by the server for all faces have the shape of GraphQL errors.
  face.addHook("preSerialization", async (request, _reply, payload) => {
    const { errors } = payload as { errors?: readonly { message?: unknown }[] };
    const message = Array.isArray(errors) ? errors[0]?.message : undefined;
    return typeof message === "string" ? failure(request, "GENERAL", message) : payload;
  });
}

function failure(request: FastifyRequest, errorCode: OfrepRefusal["code"], errorDetails: string) {
  const key = keyOf(request);
  return { ...(key !== undefined && { key }), errorCode, errorDetails };
}
