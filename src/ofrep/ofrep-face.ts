import type { IncomingMessage, RequestListener } from "node:http";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { Principal } from "../auth/principal.js";
import { challengeFor } from "../auth/token-header.js";
import { StrataError } from "../domain/errors.js";
import { BODY_TOO_LARGE } from "../http/error-response.js";
import {
  createFaceListener,
  type Face,
  type FaceServerOptions,
  type Made,
  type ServedRequest,
} from "../http/face-server.js";
import type { HttpResponse } from "../http/http-response.js";
import { readBody, readJson } from "../http/json-body.js";
import { preflightHeaders } from "../http/preflight.js";
import { refusalOf as refusalOfHead } from "../http/request-refusal.js";
import type { Headers } from "../http/response-headers.js";
import { jsonIn } from "../rest/request-body.js";
import { authorizeAtAll } from "../service/authorize.js";
import { withApiKey } from "./api-key.js";
import { refusalOf } from "./error-refusal.js";
import { BULK, type OfrepPath, ofrepPath, queryIn, ROUTES } from "./ofrep-path.js";
import type { OfrepRefusal } from "./ofrep-refusal.js";
import { OfrepNotes, type OfrepRequest } from "./ofrep-request.js";
import { JSON_TYPE, ServedFlags, type ServedFlagsOptions } from "./served-flags.js";
import { ServedStreams, type ServedStreamsOptions } from "./served-streams.js";

export interface OfrepFaceOptions extends ServedFlagsOptions, ServedStreamsOptions, FaceServerOptions {
  /** Whether only names of this machine are answered to. */
  readonly loopbackOnly: boolean;
}

export interface OfrepFace {
  /** Whether a URL names something of the protocol. */
  readonly isFor: (url: string) => boolean;
  /** Takes all requests to it. */
  readonly request: RequestListener;
  /** Looks for everybody who is connected whether the schemas in force change the answer. */
  readonly schemasChanged: () => void;
}

/** Serves OpenFeature's Remote Evaluation Protocol (OFREP 0.3): settings as flags, over the use-cases, no rule of its own. */
export function createOfrepFace(app: FastifyInstance, options: OfrepFaceOptions): OfrepFace {
  const streams = new ServedStreams(options, app.log);
  const handler = new OfrepHandler(options, new ServedFlags(options), streams, app.log);
  return {
    isFor: (url) => ofrepPath(url) !== undefined,
    request: createFaceListener(app, handler, options),
    schemasChanged: () => streams.wake(),
  };
}

type Served = ServedRequest<OfrepNotes>;

const METHODS: Readonly<Record<OfrepPath["kind"], readonly string[]>> = {
  bulk: ["POST"],
  flag: ["POST"],
  stream: ["GET", "HEAD"],
};

class OfrepHandler implements Face<OfrepNotes> {
  constructor(
    private readonly options: OfrepFaceOptions,
    private readonly flags: ServedFlags,
    private readonly streams: ServedStreams,
    private readonly logger: FastifyBaseLogger,
  ) {}

  openNotes({ url = "" }: IncomingMessage): OfrepNotes {
    const path = ofrepPath(url) ?? BULK;
    return new OfrepNotes(path, ROUTES[path.kind]);
  }

  routeOf({ route }: OfrepNotes): string {
    return route;
  }

  async respond({ request: raw, requestId, notes }: Served): Promise<Made | undefined> {
    const { path } = notes;
    const early = this.#refuse(raw, path);
    if (early !== undefined) return early;
    const query = queryIn(raw.url ?? "");
    const principal = await this.#identify(raw, path, query);
    notes.subject = principal.subject;
    authorizeAtAll(principal, "read");
    const bytes = raw.method === "POST" ? await readBody(raw) : Buffer.alloc(0);
    if (bytes === undefined) return undefined;
    const body = jsonIn(bytes, raw.headers["content-type"], readJson);
    const request: OfrepRequest = { raw, requestId, principal, key: path.key ?? "", query, body, notes };
    if (path.kind === "stream") return this.streams.answer(request);
    return path.kind === "flag" ? this.flags.answerFlag(request) : this.flags.answerBulk(request);
  }

  /** By its headers and method: that needs no token. */
  #refuse(raw: IncomingMessage, path: OfrepPath): HttpResponse | undefined {
    const { method = "", headers } = raw;
    const refusal = refusalOfHead(raw, this.options.loopbackOnly);
    if (refusal !== undefined)
      return failure(path, refusal.status, "GENERAL", refusal.message, refusal.headers);
    const taken = METHODS[path.kind];
    const allow = [...taken, "OPTIONS"].join(", ");
    if (method === "OPTIONS")
      return { status: 204, headers: { ...preflightHeaders(headers, taken), allow }, body: "" };
    if (!taken.includes(method)) return failure(path, 405, "GENERAL", `This takes ${allow}.`, { allow });
    return undefined;
  }

  #identify(raw: IncomingMessage, { kind }: OfrepPath, query: OfrepRequest["query"]): Promise<Principal> {
    if (kind === "stream") return this.streams.identify(raw, query);
    return this.options.identify(raw, withApiKey(raw.headers));
  }

  refuse(error: unknown, { request, requestId, notes }: Served): HttpResponse {
    const { status, code, message, headers } = refusalOf(error, requestId);
    notes.outcomes = [error instanceof StrataError ? error.code : code];
    if (status === 500) this.logger.error({ requestId, err: error }, "request failed");
    return failure(notes.path, status, code, message, {
      ...headers,
      ...(status === 401 && { "www-authenticate": challengeFor(withApiKey(request.headers)) }),
      ...(status === 413 && BODY_TOO_LARGE.headers),
    });
  }
}

function failure(
  { key }: OfrepPath,
  status: number,
  errorCode: OfrepRefusal["code"],
  errorDetails: string,
  headers: Headers = {},
): HttpResponse {
  const body = JSON.stringify({ ...(key !== undefined && { key }), errorCode, errorDetails });
  return { status, headers: { "content-type": JSON_TYPE, ...headers }, body };
}
