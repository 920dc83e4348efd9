import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { StrataError } from "../domain/errors.js";
import { errorBody } from "./error-answer.js";
import { requestId } from "./request-id.js";
import type { TellRequest } from "./request-log.js";
import { refusalOf } from "./request-refusal.js";
import { SECURITY_HEADERS } from "./security-headers.js";

/** An answer that somebody has at hand. */
export interface QuickAnswer {
  /** Names and values in turn: all headers but the request's id, the body's length, and what Node adds itself. */
  readonly head: readonly string[];
  /** Its bytes, one character for each. */
  readonly body: string;
}

/**
 * Asked before the body is read, so that whoever is refused is not waited for; then for the answer. Undefined, from either:
 * the request has to go the ordinary way. Neither throws.
 */
export type BeginQuickly = (
  request: IncomingMessage,
) => Promise<((body: Buffer) => Promise<QuickAnswer | undefined>) | undefined>;

export interface QuickLaneOptions {
  readonly loopbackOnly: boolean;
  readonly tell: TellRequest;
}

/** Bytes of a body; who sends more does not send it again and again. */
const LONGEST = 32 * 1024;
const JSON_ANSWER = "application/json; charset=utf-8";
const JSON_TYPE = /^application\/json\s*(;|$)/i;

/**
 * In front of fastify: what routing, hooks, parsers and a reply cost is most of what an answer costs that is there already.
 * Takes plain POSTs of JSON to one path; whatever is not in order, or has no quick answer, goes the ordinary way as if it
 * had never been here.
 */
export class QuickLane {
  readonly #read = new WeakMap<IncomingMessage, Buffer>();
  #path: string | undefined;
  #begin: BeginQuickly = async () => undefined;

  private constructor(private readonly options: QuickLaneOptions) {}

  /** Before any route is added. */
  static before(app: FastifyInstance, options: QuickLaneOptions): QuickLane {
    const lane = new QuickLane(options);
    const [ordinary] = app.server.listeners("request") as RequestListener[];
    if (ordinary === undefined) throw new Error("fastify listens to no requests");
    app.server.removeListener("request", ordinary);
    app.server.on("request", (request, response) => {
      if (!lane.#isPlain(request)) ordinary(request, response);
      // What goes wrong here, nobody else would hear of: the connection ends, and the process goes on.
      else lane.#carry(request, response, ordinary).catch(() => request.destroy());
    });
    app.addHook("preParsing", async ({ raw }, _reply, payload) => {
      const body = lane.#read.get(raw);
      return body === undefined ? payload : Readable.from(body, { objectMode: false });
    });
    // From now on fastify answers all that still comes, and closes each connection after its answer.
    app.addHook("preClose", async () => {
      lane.#path = undefined;
    });
    return lane;
  }

  serve(path: string, begin: BeginQuickly): void {
    this.#path = path;
    this.#begin = begin;
  }

  async #carry(request: IncomingMessage, response: ServerResponse, ordinary: RequestListener): Promise<void> {
    const startedAt = performance.now();
    const answering = await this.#begin(request);
    if (answering === undefined) {
      ordinary(request, response);
      return;
    }
    const body = await readAll(request);
    if (!Buffer.isBuffer(body)) {
      this.#refuse(request, response, body, startedAt);
      return;
    }
    const answer = await answering(body);
    if (answer !== undefined) {
      this.#send(request, response, answer, startedAt);
      return;
    }
    this.#read.set(request, body);
    ordinary(request, response);
  }

  #isPlain(request: IncomingMessage): boolean {
    const { method, url, headers } = request;
    return (
      method === "POST" &&
      url === this.#path &&
      JSON_TYPE.test(headers["content-type"] ?? "") &&
      Number(headers["content-length"]) <= LONGEST &&
      refusalOf(request, this.options.loopbackOnly) === undefined
    );
  }

  #send(
    request: IncomingMessage,
    response: ServerResponse,
    { head, body }: QuickAnswer,
    startedAt: number,
  ): void {
    const id = requestId(request);
    response.writeHead(200, [...head, "x-request-id", id, "content-length", String(body.length)]);
    response.end(body, "latin1");
    this.#tell(request, id, 200, startedAt);
  }

  /** Whoever has gone is told nothing; whoever is still there is refused for want of the rest. */
  #refuse(
    request: IncomingMessage,
    response: ServerResponse,
    error: Error | undefined,
    startedAt: number,
  ): void {
    const id = requestId(request);
    if (!(error instanceof StrataError) || request.destroyed) {
      this.#tell(request, id, 400, startedAt);
      return;
    }
    const body = Buffer.from(JSON.stringify(errorBody(error.code, error.message)));
    const headers = { ...SECURITY_HEADERS, "Content-Type": JSON_ANSWER, "X-Request-ID": id };
    const retry = error.retryAfter === undefined ? {} : { "Retry-After": error.retryAfter };
    response.writeHead(503, { ...headers, ...retry, "Content-Length": body.length }).end(body);
    this.#tell(request, id, 503, startedAt);
  }

  #tell({ method = "", url = "" }: IncomingMessage, id: string, status: number, startedAt: number): void {
    this.options.tell({
      requestId: id,
      method,
      url,
      route: this.#path ?? "none",
      status,
      milliseconds: performance.now() - startedAt,
    });
  }
}

/** The body, or why it did not come; undefined: its sender has gone. */
function readAll(request: IncomingMessage): Promise<Buffer | Error | undefined> {
  return new Promise((resolve) => {
    // It may have gone while it was found out whose it is: then nothing more is heard of it.
    if (request.destroyed) return resolve(undefined);
    const chunks: Buffer[] = [];
    request
      .on("data", (chunk: Buffer) => chunks.push(chunk))
      .on("error", resolve)
      .on("end", () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
  });
}
