import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Principal } from "../auth/principal.js";
import type { OpenStreams } from "./open-streams.js";

/** What the streams of one face share with all others. */
export interface CallerStreams {
  readonly open: OpenStreams;
  /** Rejects where the token in a request's headers is not good any more. */
  readonly recheck: (headers: IncomingHttpHeaders) => Promise<unknown>;
  /** Names the caller for limits. */
  readonly callerOf: (request: IncomingMessage, principal: Principal) => string;
}
