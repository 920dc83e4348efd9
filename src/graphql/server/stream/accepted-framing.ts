import type { IncomingMessage } from "node:http";
import { contentTypeFor } from "../../../http/content-type.js";
import { parsedOnce } from "../../../http/parsed-once.js";
import type { Framing } from "./framing.js";
import { MULTIPART } from "./multipart-framing.js";
import { SSE } from "./sse-framing.js";

/** How a client takes the results of an operation that has several. */
export interface AcceptedFraming {
  readonly framing: Framing;
  /** Whether it takes one result so, too: it accepts no JSON. */
  readonly isForAll: boolean;
}

const KNOWN: readonly (readonly [RegExp, Framing])[] = [
  [/^text\/event-stream\s*(;|$)/i, SSE],
  // Without the parameter it is another protocol, for `@defer`.
  [/^multipart\/mixed\s*;.*subscriptionSpec\s*=/i, MULTIPART],
];
/** RFC 9110, 12.4.2: not acceptable. */
const REFUSED = /;\s*q\s*=\s*0(\.0*)?\s*(;|$)/i;

/** The first stream that the request's `Accept` names; undefined: it takes none. What is named has to be spelled out. */
export function acceptedFraming({
  method,
  headers,
}: Pick<IncomingMessage, "method" | "headers">): AcceptedFraming | undefined {
  if (method !== "GET" && method !== "POST") return undefined;
  const { accept } = headers;
  return accept === undefined ? undefined : firstStreamIn(accept);
}

const firstStreamIn = parsedOnce((accept): AcceptedFraming | undefined => {
  for (const type of accept.split(",")) {
    if (REFUSED.test(type)) continue;
    const found = KNOWN.find(([pattern]) => pattern.test(type.trim()));
    if (found !== undefined) return { framing: found[1], isForAll: contentTypeFor(accept) === undefined };
  }
  return undefined;
});
