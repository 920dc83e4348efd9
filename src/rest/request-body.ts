import type { FastifyInstance } from "fastify";
import { StrataError } from "../domain/errors.js";

/** The content type of a `fetch` or a form that names none. */
const NOT_JSON: ReadonlySet<string> = new Set(["text/plain", "multipart/form-data"]);
/** `curl -d` names the second, whatever it sends. */
const JSON_TYPES: ReadonlySet<string> = new Set([
  "",
  "application/json",
  "application/x-www-form-urlencoded",
]);

/**
 * Takes the JSON out of a body without altering anything.
 * @throws StrataError BAD_USER_INPUT when it is not JSON, not UTF-8, or of another charset
 */
export type ReadJson = (body: Buffer, contentType: string) => unknown;

/** Reads every body as JSON, as KAZOO does; an empty one is no body, whatever its type. */
export function acceptJsonBodies(app: FastifyInstance, readJson: ReadJson): void {
  // Fastify refuses a type that is none before it looks for a body.
  app.addHook("onRequest", async ({ raw: { headers } }) => {
    if (Number(headers["content-length"] ?? 0) === 0 && headers["transfer-encoding"] === undefined)
      delete headers["content-type"];
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (request, body: Buffer, done) => {
    try {
      done(null, jsonIn(body, request.headers["content-type"], readJson));
    } catch (error) {
      done(error as Error);
    }
  });
}

/**
 * What a body says; undefined: it is empty.
 * @throws StrataError BAD_USER_INPUT (400, 415), and what `readJson` throws
 */
export function jsonIn(body: Buffer, contentType = "", readJson: ReadJson): unknown {
  if (body.length === 0) return undefined;
  checkType(contentType);
  return readJson(body, contentType);
}

function checkType(contentType: string): void {
  if (JSON_TYPES.has(contentType)) return;
  const type = contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (JSON_TYPES.has(type)) return;
  const error = new StrataError("BAD_USER_INPUT", "The body has to be JSON: send it as application/json.");
  throw NOT_JSON.has(type) ? error : Object.assign(error, { statusCode: 415 });
}
