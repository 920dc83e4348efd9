import type { FastifyRequest } from "fastify";
import type { Content } from "./answer.js";
import { tokenId } from "./auth-token.js";

/** Who answers, and when. */
export interface Sender {
  readonly version: string;
  /** Stays the same from one start to the next. */
  readonly node: string;
  readonly now: () => Date;
}

/** KAZOO's envelope of every response, its members in KAZOO's order. */
export function envelope(
  sender: Sender,
  request: Pick<FastifyRequest, "id" | "headers">,
  content: Content,
): object {
  // Node 20 gives every object that begins with a spread a hidden class of its own.
  return Object.assign({}, content, {
    timestamp: gregorianSeconds(sender.now()),
    version: sender.version,
    node: sender.node,
    request_id: request.id,
    status: "error" in content ? "error" : "success",
    auth_token: tokenId(request.headers),
  });
}

/** Erlang counts seconds from the year 0. */
const UNIX_EPOCH = 62_167_219_200;

function gregorianSeconds(date: Date): string {
  return String(Math.floor(date.getTime() / 1_000) + UNIX_EPOCH);
}
