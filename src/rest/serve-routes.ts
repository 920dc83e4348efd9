import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from "fastify";
import { NOBODY, type Principal } from "../auth/principal.js";
import { RequestJournal } from "../service/request-journal.js";
import type { CallerStreams } from "../stream/caller-streams.js";
import type { StreamedAnswer } from "./answer.js";
import type { Sender } from "./envelope.js";
import { noteAnswer, noteCaller } from "./note-request.js";
import { type CheckRequest, createRequestCheck } from "./openapi/validate-request.js";
import { refuseDryRunInBody, refuseUnknownParameters } from "./query-parameters.js";
import { readRequest } from "./rest-request.js";
import { pathsWithoutPost, type RestContext, type RestRoute } from "./route.js";
import { send } from "./send.js";
import { sendEvents } from "./send-events.js";
import { tunnelledVerb, type Verb } from "./tunnelled-verb.js";
import { answerUnknownPath } from "./unknown-path.js";

export interface ServedRoutes {
  readonly routes: readonly RestRoute[];
  readonly sender: Sender;
  /** Of every route. */
  readonly config: NonNullable<RouteShorthandOptions["config"]>;
  readonly createContext: (principal: Principal, journal: RequestJournal) => RestContext;
  readonly streams: CallerStreams;
  /** @throws StrataError UNAUTHENTICATED, RATE_LIMITED */
  readonly identify: (request: IncomingMessage) => Promise<Principal>;
}

/** Registers every route of the table. A POST may stand for any other method of its path. */
export function serveRoutes(face: FastifyInstance, served: ServedRoutes): void {
  const server = new RouteServer(served);
  for (const route of served.routes) server.add(face, route);
  for (const path of pathsWithoutPost(served.routes)) server.addTunnel(face, path);
}

class RouteServer {
  readonly #served: ServedRoutes;
  readonly #principals = new WeakMap<FastifyRequest, Principal>();
  readonly #checks: ReadonlyMap<RestRoute, CheckRequest>;

  constructor(served: ServedRoutes) {
    this.#served = served;
    this.#checks = new Map(served.routes.map((route) => [route, createRequestCheck(route.request)]));
  }

  add(face: FastifyInstance, route: RestRoute): void {
    for (const [url, isAlias] of urlsOf(route.path)) {
      face.route({
        method: route.method,
        url,
        schema: route.request,
        config: { ...this.#served.config, ...(isAlias && UNDOCUMENTED) },
        onRequest: async (request, reply) => {
          if (hasEmptyId(request)) return this.#answerUnknownPath(request, reply);
          await this.#identify(request);
        },
        preValidation: async (request, reply) => {
          const verb = route.method === "POST" ? tunnelledVerb(request.query, request.body) : undefined;
          if (verb !== undefined && verb !== "POST")
            return this.#answerTunnelled(route.path, verb, request, reply);
          refuseMisspelt(route, request);
          completeBody(route, request);
        },
        handler: (request, reply) => this.#answer(route, request, reply),
      });
    }
  }

  /** For a POST on a path that takes none: without a verb it is refused, whatever its body is. */
  addTunnel(face: FastifyInstance, path: string): void {
    const read = new WeakSet<FastifyRequest>();
    for (const [url] of urlsOf(path)) {
      face.route({
        method: "POST",
        url,
        config: { ...this.#served.config, ...UNDOCUMENTED },
        preValidation: async (request, reply) => {
          read.add(request);
          const verb = hasEmptyId(request) ? undefined : tunnelledVerb(request.query, request.body);
          if (verb === undefined) return this.#answerUnknownPath(request, reply);
          await this.#identify(request);
          return this.#answerTunnelled(path, verb, request, reply);
        },
        errorHandler: (error, request, reply) => {
          if (read.has(request)) throw error;
          return this.#answerUnknownPath(request, reply);
        },
        handler: (request, reply) => this.#answerUnknownPath(request, reply),
      });
    }
  }

  /** As if the request had come with this method. */
  async #answerTunnelled(
    path: string,
    verb: Verb,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const route = this.#served.routes.find((one) => one.path === path && one.method === verb);
    if (route === undefined) return this.#answerUnknownPath(request, reply);
    refuseMisspelt(route, request);
    completeBody(route, request);
    this.#checks.get(route)?.(request);
    return this.#answer(route, request, reply);
  }

  async #answer(route: RestRoute, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { sender, createContext } = this.#served;
    const journal = new RequestJournal();
    const principal = this.#principals.get(request) ?? NOBODY;
    const context = createContext(principal, journal);
    const answer = await noteAnswer(request, journal, () => route.handle(readRequest(request, context)));
    if (answer.stream === undefined) return send(sender, request, reply, answer);
    await this.#stream(principal, request, reply, answer.stream);
    return reply;
  }

  async #stream(
    principal: Principal,
    request: FastifyRequest,
    reply: FastifyReply,
    stream: StreamedAnswer,
  ): Promise<void> {
    const { sender, streams } = this.#served;
    try {
      const giveBack = streams.open.limit.take(streams.callerOf(request.raw, principal));
      await sendEvents(streams, sender, principal, request, reply, stream).finally(giveBack);
    } finally {
      stream.stop();
    }
  }

  async #identify(request: FastifyRequest): Promise<void> {
    const principal = await this.#served.identify(request.raw);
    this.#principals.set(request, principal);
    noteCaller(request, principal);
  }

  #answerUnknownPath(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { sender, routes } = this.#served;
    return send(sender, request, reply, answerUnknownPath(routes, request));
  }
}

/** Says of a route that it is another way to one that the OpenAPI document has. */
const UNDOCUMENTED = { isDocumented: false };

/** The path itself, and the same with a slash behind it, which KAZOO trims. */
function urlsOf(path: string): [url: string, isAlias: boolean][] {
  const url = path.replace(/\{([^}]+)\}/g, ":$1");
  return [
    [url, false],
    [`${url}/`, true],
  ];
}

/** The router takes what is between two slashes for an id, even if it is nothing. */
function hasEmptyId({ params }: FastifyRequest): boolean {
  return Object.values(params as object).includes("");
}

function refuseMisspelt(route: RestRoute, { query, body }: FastifyRequest): void {
  refuseUnknownParameters(route, query);
  refuseDryRunInBody(route, body);
}

function completeBody(route: RestRoute, request: FastifyRequest): void {
  if (route.bodyless === true && request.body === undefined) request.body = { data: {} };
}
