import type { Headers } from "./response-headers.js";

/** A response on its way out, without the headers that every response has. */
export interface GraphqlResponse {
  readonly status: number;
  /** Headers that depend on the content. Its length is added where it is sent. */
  readonly headers: Headers;
  readonly body: string;
  /** `latin1`: the body is bytes, one character for each. Absent: it is text. */
  readonly encoding?: "latin1";
}

export function jsonResponse(status: number, body: unknown, headers: Headers = {}): GraphqlResponse {
  const type = { "content-type": "application/json; charset=utf-8" };
  return { status, headers: { ...type, ...headers }, body: JSON.stringify(body) };
}
