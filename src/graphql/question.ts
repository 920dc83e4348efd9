import type { FastifyInstance, FastifyRequest } from "fastify";

/** Takes the JSON out of a body without altering anything. @throws StrataError BAD_USER_INPUT when there is none in it */
export type ReadJson = (body: Buffer, contentType: string) => unknown;

/** Bytes of a body; who sends more does not send it again and again. */
const LONGEST = 32 * 1024;

/** Leaves JSON bodies as they come: an answer that is kept is found by their very bytes. */
export function acceptJsonUnread(face: FastifyInstance): void {
  face.removeContentTypeParser("application/json");
  face.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) =>
    done(null, body),
  );
}

/**
 * Everything of a request that its answer can depend on, but for who asks and what the store has; undefined where nobody
 * looks for an answer that is kept.
 */
export function questionOf({ method, headers, body }: FastifyRequest): string | undefined {
  if (method !== "POST" || !Buffer.isBuffer(body) || body.length > LONGEST) return undefined;
  // Bytes that are no UTF-8 are refused, and what is refused is not kept: one character for each byte will do.
  return `${headers.accept ?? ""}\n${headers["content-type"] ?? ""}\n${body.toString("latin1")}`;
}

/** The body read, where that has been left. @throws StrataError BAD_USER_INPUT */
export function readBody(request: FastifyRequest, readJson: ReadJson): void {
  if (Buffer.isBuffer(request.body))
    request.body = readJson(request.body, request.headers["content-type"] ?? "");
}
