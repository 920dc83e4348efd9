import { isUtf8 } from "node:buffer";
import type { FastifyInstance } from "fastify";
import { StrataError } from "../domain/errors.js";
import { hasVanishingNumber } from "../domain/vanishing-number.js";

/** Bytes a request's body may have. */
export const BODY_LIMIT = 1024 * 1024;

/** Reads JSON bodies so that nothing is altered on the way: bad UTF-8 is refused, not replaced. */
export function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    try {
      done(null, readJson(body as Buffer, request.headers["content-type"] ?? ""));
    } catch (error) {
      done(error as Error);
    }
  });
  // Whatever needs no preflight reaches Apollo without its body: its CSRF protection answers.
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, _body, done) => done(null, {}));
}

/** @throws StrataError BAD_USER_INPUT when it is not JSON, not UTF-8, or of another charset (415) */
export function readJson(bytes: Buffer, contentType: string): unknown {
  checkCharset(contentType);
  if (!isUtf8(bytes)) throw new StrataError("BAD_USER_INPUT", "The body is not UTF-8 text.");
  const hasMark = bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const text = bytes.toString("utf8", hasMark ? 3 : 0);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new StrataError("BAD_USER_INPUT", "The body is not JSON.");
  }
  if (hasVanishingNumber(text))
    throw new StrataError(
      "BAD_USER_INPUT",
      "The body holds a number too small for a double: it would become 0.",
    );
  return value;
}

function checkCharset(contentType: string): void {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(contentType)?.[1];
  if (charset === undefined || /^utf-?8$/i.test(charset)) return;
  throw Object.assign(new StrataError("BAD_USER_INPUT", "JSON comes in UTF-8; leave the charset out."), {
    statusCode: 415,
  });
}
