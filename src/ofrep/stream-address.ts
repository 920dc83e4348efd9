import type { Principal } from "../auth/principal.js";
import type { StreamSigning } from "./stream-signing.js";
import type { StreamTopic } from "./stream-ticket.js";

export const STREAM_PATH = "/event-stream";
export const OFREP_PREFIX = "/ofrep/v1";
/** Seconds after which a page that nobody looks at closes its stream. */
const INACTIVITY_SECONDS = 120;

/** Where a client hears of changes, as a bulk answer tells it. */
export interface EventStream {
  readonly type: "sse";
  readonly url: string;
  readonly inactivityDelaySec: number;
}

/** A way to an event stream. */
export interface StreamAddress {
  /** When it ends, in seconds since the epoch; undefined: never. */
  readonly endsAt: number | undefined;
  /** @param state the one that the client is told with it: a change before it has connected is not lost */
  stream(state: string): EventStream;
}

/** Undefined: none is offered. @param origin of this server, as the client calls it */
export function streamAddress(
  origin: string,
  { isOffered, tickets }: StreamSigning,
  principal: Principal,
  topic: StreamTopic,
): StreamAddress | undefined {
  if (!isOffered) return undefined;
  const endsAt = tickets?.endOf(principal);
  const { accountId, configs } = topic;
  return {
    endsAt,
    stream: (state) => {
      // Ids and tickets are of characters that need no encoding.
      const named = configs === "" ? "" : `&configs=${encodeURIComponent(configs)}`;
      const ticket =
        tickets === undefined || endsAt === undefined
          ? ""
          : `&ticket=${tickets.issue(principal, topic, endsAt)}`;
      const query = `account=${accountId}${named}&since=${state}${ticket}`;
      const url = `${origin}${OFREP_PREFIX}${STREAM_PATH}?${query}`;
      return { type: "sse", url, inactivityDelaySec: INACTIVITY_SECONDS };
    },
  };
}
