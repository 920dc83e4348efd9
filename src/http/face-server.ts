import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import type { ReadClient } from "./client-address.js";
import { compressed, compressionOf } from "./compressed-response.js";
import type { HttpResponse } from "./http-response.js";
import { requestId } from "./request-id.js";
import type { TellRequest } from "./request-log.js";
import type { RequestNotes } from "./request-notes.js";
import { type ResponseHeaders, withContent } from "./response-headers.js";

/** A request on its way through a face. */
export interface ServedRequest<Notes extends RequestNotes> {
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly startedAt: number;
  /** What the log is to say of it. */
  readonly notes: Notes;
}

/** A response that may last for hours: it writes itself. */
export interface LastingResponse {
  readonly send: (response: ServerResponse) => Promise<void>;
}

/** What a request is answered with. */
export type Made = HttpResponse | LastingResponse;

/** Answers requests by itself: fastify never sees them. */
export interface Face<Notes extends RequestNotes> {
  openNotes(request: IncomingMessage): Notes;
  /** The pattern of the request's path. */
  routeOf(notes: Notes): string;
  /** Takes the steps of every request. Undefined: the client went away. */
  respond(served: ServedRequest<Notes>): Promise<Made | undefined>;
  /** Says what was wrong, in the words and the shape of the face. */
  refuse(error: unknown, served: ServedRequest<Notes>): HttpResponse;
}

export interface FaceServerOptions {
  readonly readClient: ReadClient;
  readonly responseHeaders: ResponseHeaders;
  readonly tell: TellRequest;
}

/** What every request to a face has, whatever it is about: an id, headers, a compressed response, one line in the log. */
export function createFaceListener<Notes extends RequestNotes>(
  app: FastifyInstance,
  face: Face<Notes>,
  options: FaceServerOptions,
): RequestListener {
  const server = new FaceServer(face, options);
  app.addHook("preClose", async () => {
    server.isClosing = true;
  });
  return (request, response) => {
    // Nobody else would hear of an error here: the connection ends, and the process goes on.
    server.serve(request, response).catch(() => request.destroy());
  };
}

class FaceServer<Notes extends RequestNotes> {
  /** From then on each connection is closed after its response. */
  isClosing = false;

  constructor(
    private readonly face: Face<Notes>,
    private readonly options: FaceServerOptions,
  ) {}

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { face } = this;
    const startedAt = performance.now();
    const { address } = this.options.readClient(request);
    const notes = face.openNotes(request);
    const served = { request, requestId: requestId(request), startedAt, notes };
    const made = await face.respond(served).catch((error: unknown) => face.refuse(error, served));
    const lasting = made !== undefined && "send" in made ? made : undefined;
    const whole = made !== undefined && "status" in made ? made : undefined;
    if (whole !== undefined) {
      const coding = compressionOf(request, whole);
      this.#send(served, response, coding === undefined ? whole : await compressed(whole, coding));
    }
    // Of a response that lasts this tells that it has begun, and another line how it has ended.
    this.options.tell({
      request,
      requestId: served.requestId,
      address,
      route: face.routeOf(notes),
      status: lasting === undefined ? (whole?.status ?? 400) : 200,
      milliseconds: performance.now() - startedAt,
      notes,
    });
    await lasting?.send(response);
  }

  #send(
    { request, requestId: id }: ServedRequest<Notes>,
    response: ServerResponse,
    { status, headers, body, encoding, tail }: HttpResponse,
  ): void {
    const all = withContent(this.options.responseHeaders(request, id), headers);
    const bytes = Buffer.byteLength(body, encoding ?? "utf8");
    // A response without content has no length either (RFC 9110, 8.6).
    if (status !== 204 && status !== 304) all.push("content-length", String(bytes + (tail?.length ?? 0)));
    if (this.isClosing) all.push("connection", "close");
    response.writeHead(status, all);
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    // A byte for each character: then the text is ASCII, and Node writes it several times as fast as UTF-8.
    const written = bytes === body.length ? "latin1" : "utf8";
    if (tail === undefined) response.end(body, written);
    else {
      response.write(body, written);
      response.end(tail);
    }
  }
}
