import type { Headers } from "../../../http/response-headers.js";
import type { StreamEnd } from "../../../stream/open-streams.js";

/** How the results of an operation are put into a body that lasts. */
export interface Framing {
  readonly transport: "sse" | "multipart";
  /** Headers of the content. */
  readonly headers: Headers;
  readonly begin: string;
  /**
   * One result.
   * @param text its JSON, in one line
   * @param cursor at which a new stream would go on after it
   */
  message(text: string, cursor?: string): string;
  keepAlive(cursor?: string): string;
  /** @param why undefined: the operation is complete */
  end(why: StreamEnd | undefined): string;
}

/** Proxies are neither to keep a stream nor to collect it: nginx collects what it forwards, unless it is told. */
export const STREAM_HEADERS: Headers = { "cache-control": "no-store", "x-accel-buffering": "no" };
