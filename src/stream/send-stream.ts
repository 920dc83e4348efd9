import type { ServerResponse } from "node:http";
import type { StreamEnd } from "./open-streams.js";
import type { StreamTimes } from "./stream-times.js";

/** What a stream sends, as text. */
export interface Frames {
  /** The next message; undefined: there is none any more. Called once the one before has left the process. */
  next(): Promise<string | undefined>;
  /** Ends a `next` that waits. */
  stop(): void;
  /** A sign of life, which clients pass over. */
  keepAlive(): string;
  /** @param why undefined: the stream has come to its own end */
  end(why: StreamEnd | undefined): string;
}

/** What became of a stream. */
export interface SentStream {
  readonly messages: number;
  readonly end: "completed" | "expired" | "restart" | "client left";
}

/**
 * Sends a stream on a response whose head is written, no faster than the client reads it: meanwhile nothing is asked for, and at
 * most one message waits here.
 * @param follow hands over what ends the stream, and returns what forgets it
 */
export async function sendStream(
  response: ServerResponse,
  frames: Frames,
  times: StreamTimes,
  follow: (end: (why: StreamEnd) => void) => () => void,
): Promise<SentStream> {
  if (!(await hasConnection(response))) {
    frames.stop();
    return { messages: 0, end: "client left" };
  }
  let why: StreamEnd | undefined;
  let messages = 0;
  let grace: NodeJS.Timeout | undefined;
  const { socket } = response;
  socket?.setTimeout(times.stall);
  const forget = follow((end) => {
    why = end;
    frames.stop();
    // A client that reads nothing does not read the end either.
    grace = setTimeout(() => response.destroy(), times.grace);
  });
  const stop = () => frames.stop();
  response.once("close", stop);
  const alive = setInterval(() => {
    // Where something waits it is the sign of life; another one would only count as something that was sent.
    if (response.writableLength === 0) response.write(frames.keepAlive());
  }, times.keepAlive);
  try {
    for (let text = await frames.next(); text !== undefined; text = await frames.next()) {
      await sent(response, text);
      messages++;
    }
    // The end may wait for the client: nothing may be written behind it.
    clearInterval(alive);
    if (response.destroyed) return { messages, end: "client left" };
    await ended(response, frames.end(why));
    return { messages, end: why?.kind ?? "completed" };
  } finally {
    forget();
    clearInterval(alive);
    clearTimeout(grace);
    response.off("close", stop);
    frames.stop();
  }
}

/**
 * Resolves once the response has its connection: that of a pipelined request waits for those before it. Where the connection
 * closes meanwhile such a response hears nothing of it.
 * @returns whether there is one
 */
function hasConnection(response: ServerResponse): Promise<boolean> | boolean {
  const { socket: connection } = response.req;
  if (response.closed || connection.destroyed) return false;
  if (response.socket !== null) return true;
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("socket", done);
      connection.off("close", done);
      resolve(response.socket !== null);
    };
    response.once("socket", done);
    connection.once("close", done);
  });
}

/** Resolves when the socket takes more, or is gone. */
function sent(response: ServerResponse, text: string): Promise<void> | undefined {
  if (response.destroyed || response.write(text)) return undefined;
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.once("drain", done).once("close", done);
  });
}

function ended(response: ServerResponse, text: string): Promise<void> {
  return new Promise((resolve) => {
    response.once("close", resolve);
    response.end(text, () => resolve());
  });
}
