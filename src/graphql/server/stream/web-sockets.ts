import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type GraphQLSchema, parse } from "graphql";
import { handleProtocols, makeServer, type OperationResult, type Server } from "graphql-ws";
import { type WebSocket, WebSocketServer } from "ws";
import type { ReadClient } from "../../../http/client-address.js";
import { errorBody, errorResponse, refusalBody } from "../../../http/error-response.js";
import type { HttpResponse } from "../../../http/http-response.js";
import { BODY_LIMIT } from "../../../http/json-body.js";
import { requestId } from "../../../http/request-id.js";
import type { TellRequest } from "../../../http/request-log.js";
import { refusalOf } from "../../../http/request-refusal.js";
import { type ResponseHeaders, withContent } from "../../../http/response-headers.js";
import type { UpgradeListener } from "../../../http/upgrade.js";
import { afterYield } from "../../../service/yield-to-event-loop.js";
import { isForeignOrigin } from "../cross-site.js";
import { jsonResponse } from "../response/graphql-response.js";
import { SocketLink } from "./socket-link.js";
import { FinalErrors } from "./socket-operation.js";
import { type SocketDependencies, SocketSession } from "./socket-session.js";

export interface WebSocketOptions extends SocketDependencies {
  readonly schema: GraphQLSchema;
  readonly readClient: ReadClient;
  readonly responseHeaders: ResponseHeaders;
  /** Origins whose pages may connect, beside the server's own. */
  readonly corsOrigins: readonly string[];
  /** Whether only names of this machine are answered to. */
  readonly loopbackOnly: boolean;
  readonly tell: TellRequest;
}

interface Extra {
  readonly session: SocketSession;
  readonly link: SocketLink;
}

const FOREIGN = "Pages of this origin may not open a WebSocket here. Name the origin in STRATA_CORS_ORIGINS.";

/** @returns what takes the upgrades of `/graphql` to WebSockets */
export function createWebSockets(options: WebSocketOptions): UpgradeListener {
  const sockets = new WebSockets(options);
  return (request, socket, head) => {
    sockets.upgrade(request, socket, head).catch(() => socket.destroy());
  };
}

/** graphql-transport-ws, the protocol of graphql-ws: any operation, any number of them on one connection. */
class WebSockets {
  // Compressed frames take a quarter of a megabyte for each connection.
  readonly #sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: BODY_LIMIT,
    handleProtocols,
  });
  readonly #protocol: Server<Extra>;

  constructor(private readonly options: WebSocketOptions) {
    this.#protocol = createProtocol(options.schema);
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const startedAt = performance.now();
    const id = requestId(request);
    const { address } = this.options.readClient(request);
    // Nobody else listens yet.
    const ignore = (): void => {};
    socket.on("error", ignore);
    const refusal = await this.#refusal(request, id);
    const tell = (status: number): void =>
      this.options.tell({
        request,
        requestId: id,
        address,
        route: "/graphql",
        status,
        milliseconds: performance.now() - startedAt,
      });
    if (refusal !== undefined) {
      socket.end(textOf(refusal, this.options.responseHeaders(request, id)));
      return tell(refusal.status);
    }
    socket.off("error", ignore);
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      tell(101);
      this.#open(webSocket, request, id, address);
    });
  }

  /** Everything that can be refused before there is a WebSocket, in the order of the requests by HTTP. */
  async #refusal(request: IncomingMessage, id: string): Promise<HttpResponse | undefined> {
    const { loopbackOnly, readClient, corsOrigins, identify, logger } = this.options;
    const { headers } = request;
    const early = refusalOf(request, loopbackOnly);
    if (early !== undefined)
      return jsonResponse(headers.accept, early.status, refusalBody(early), early.headers);
    if (isForeignOrigin(headers, { own: readClient(request).origin, allowed: corsOrigins }))
      return jsonResponse(headers.accept, 403, errorBody("FORBIDDEN", FOREIGN));
    try {
      await identify(request);
      return undefined;
    } catch (error) {
      const { status, body, headers: more } = errorResponse(error, id, logger);
      return jsonResponse(headers.accept, status, body, more);
    }
  }

  #open(webSocket: WebSocket, request: IncomingMessage, id: string, address: string): void {
    const { streams, logger } = this.options;
    const { times, perConnection } = streams.options;
    const link = new SocketLink(webSocket, times, perConnection, logger, id);
    const session = new SocketSession(this.options, request, id, address, (...end) => link.close(...end));
    const closed = this.#protocol.opened(link, { session, link });
    webSocket.once("close", (code, reason) => {
      session.leave();
      // Many may be gone at once, each with a thousand operations.
      void afterYield(() => closed(code, String(reason)));
    });
  }
}

/** The package wants a document to look at; which operation it is, is for the pipeline to say. */
const ANY = parse("{ __typename }");

function createProtocol(schema: GraphQLSchema): Server<Extra> {
  // A `SocketOperation`, which the package's types do not foresee: it has no results for the package.
  const operationOf = ({ contextValue }: { contextValue?: unknown }) => contextValue as OperationResult;
  return makeServer<Record<string, unknown> | undefined, Extra>({
    onConnect: ({ extra, connectionParams }) => extra.session.connect(connectionParams),
    onSubscribe: async ({ extra, subscriptions }, id, payload) => {
      const operation = extra.session.begin(payload, (json) =>
        extra.link.send(`{"id":${JSON.stringify(id)},"type":"next","payload":${json}}`),
      );
      // The package ends it from now on, not only once it has begun.
      subscriptions[id] = operation;
      await operation.begun();
      return { schema, document: ANY, contextValue: operation };
    },
    execute: operationOf,
    subscribe: operationOf,
    // They are as the client is told of them already.
    onError: (_context, _id, _payload, errors) =>
      errors.flatMap(({ originalError: error }) => {
        if (error instanceof FinalErrors) return error.told;
        throw error;
      }),
  });
}

function textOf({ status, headers, body }: HttpResponse, all: readonly string[]): string {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`];
  const content = { ...headers, "content-length": String(Buffer.byteLength(body)), connection: "close" };
  const named = withContent(all, content);
  for (let at = 0; at < named.length; at += 2) lines.push(`${named[at]}: ${named[at + 1]}`);
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}
