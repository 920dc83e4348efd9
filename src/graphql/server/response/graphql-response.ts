import type { Compression } from "../../../http/content-coding.js";
import { contentTypeFor, DEFAULT_TYPE } from "../../../http/content-type.js";
import type { Headers } from "./response-headers.js";

/** What keeps a response compressed. */
export interface CompressionKeeper {
  /**
   * The response compressed, one character for each byte, where it is kept so.
   * @param work compresses it where it is not yet
   */
  compressed?(coding: Compression, work: () => Promise<string>): string | Promise<string>;
}

/** A response on its way out, without the headers that every response has. */
export interface GraphqlResponse {
  readonly status: number;
  /** Headers that depend on the content. Its length is added where it is sent. */
  readonly headers: Headers;
  readonly body: string;
  /** `latin1`: the body is bytes, one character for each. Absent: it is text. */
  readonly encoding?: "latin1";
  /** Where it comes from the response cache. */
  readonly cached?: CompressionKeeper;
}

/**
 * An error of a request that is not executed.
 * @param accept what the client accepts: it is told in its media type, for clients handle errors by that
 */
export function jsonResponse(
  accept: string | undefined,
  status: number,
  body: unknown,
  headers: Headers = {},
): GraphqlResponse {
  const type = { "content-type": contentTypeFor(accept) ?? DEFAULT_TYPE };
  return { status, headers: { ...type, ...headers }, body: JSON.stringify(body) };
}
