import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { StrataError } from "../domain/errors.js";
import { hasVanishingNumber } from "../domain/json/vanishing-number.js";

/** Bytes a request's body may have. */
export const BODY_LIMIT = 1024 * 1024;

/**
 * Reads a body to its end.
 * @returns undefined when the client went away before
 * @throws Error with `statusCode` 413 when it is over the limit; the rest of it is discarded as it comes. StrataError
 * STORE_UNAVAILABLE (503) when the server is stopped and the rest does not come
 */
export function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    // It may have gone away while it was identified: then no event tells.
    if (request.destroyed) return resolve(undefined);
    const tooLarge = () => Object.assign(new Error("the body is too large"), { statusCode: 413 });
    if (Number(request.headers["content-length"]) > BODY_LIMIT) return reject(tooLarge());
    const chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= BODY_LIMIT) return;
      request.off("data", take);
      reject(tooLarge());
    };
    request
      .on("data", take)
      .on("error", (error) => (error instanceof StrataError ? reject(error) : resolve(undefined)))
      .on("end", () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
  });
}

/** @throws StrataError BAD_USER_INPUT when it is not JSON, not UTF-8, or of another charset (415) */
export function readJson(bytes: Buffer, contentType: string): unknown {
  checkCharset(contentType);
  return parseJson(bytes);
}

/**
 * Parses JSON so that nothing is altered on the way: bad UTF-8 is refused, not replaced.
 * @throws StrataError BAD_USER_INPUT when it is not JSON, or not UTF-8
 */
export function parseJson(bytes: Buffer): unknown {
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

/** @throws StrataError BAD_USER_INPUT (415) */
export function checkCharset(contentType: string): void {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(contentType)?.[1];
  if (charset === undefined || /^utf-?8$/i.test(charset)) return;
  throw Object.assign(new StrataError("BAD_USER_INPUT", "JSON comes in UTF-8; leave the charset out."), {
    statusCode: 415,
  });
}
