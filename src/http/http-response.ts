import type { Compression } from "./content-coding.js";
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
export interface HttpResponse {
  readonly status: number;
  /** Headers that depend on the content. Its length is added where it is sent. */
  readonly headers: Headers;
  readonly body: string;
  /** `latin1`: the body is bytes, one character for each. Absent: it is text. */
  readonly encoding?: "latin1";
  /** Bytes that follow the body: sent as they are, and not copied. */
  readonly tail?: Buffer;
  /** Where it comes from a cache. */
  readonly cached?: CompressionKeeper;
}
