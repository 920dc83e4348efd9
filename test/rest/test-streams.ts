import type { CallerStreams } from "../../src/stream/caller-streams.js";
import { OpenStreams } from "../../src/stream/open-streams.js";
import { STREAM_TIMES } from "../../src/stream/stream-times.js";

/** Streams of one caller, whose token is good for ever. */
export function testStreams(): CallerStreams {
  const open = new OpenStreams({
    perCaller: 10,
    perConnection: 10,
    times: STREAM_TIMES,
    now: () => new Date(),
    onStream: () => undefined,
  });
  return { open, recheck: async () => undefined, callerOf: () => "caller" };
}
