import { type Framing, STREAM_HEADERS } from "./framing.js";
import { endError } from "./stream-errors.js";

const COMPLETE = "event: complete\ndata:\n\n";

/**
 * Server-sent events in the "distinct connections mode" of graphql-sse: one operation for each response, its results as `next`,
 * then `complete`. The `id` of an event is its cursor: browsers send it back as `Last-Event-ID` when they connect again. An id
 * without data moves that on and is no event.
 */
export const SSE: Framing = {
  transport: "sse",
  headers: { ...STREAM_HEADERS, "content-type": "text/event-stream; charset=utf-8" },
  begin: ": connected\n\n",
  message: (text, cursor) => `${idOf(cursor)}event: next\ndata: ${text}\n\n`,
  keepAlive: (cursor) => `: alive\n${idOf(cursor)}\n`,
  end(why) {
    if (why === undefined) return COMPLETE;
    // Without `complete`: clients take that for the end of the operation, and would not connect again.
    if (why.kind === "restart") return `retry: ${why.retryMs}\n\n`;
    return `event: next\ndata: ${JSON.stringify({ errors: [endError(why)] })}\n\n${COMPLETE}`;
  },
};

function idOf(cursor: string | undefined): string {
  return cursor === undefined ? "" : `id: ${cursor}\n`;
}
