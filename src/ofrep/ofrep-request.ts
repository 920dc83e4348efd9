import type { IncomingMessage } from "node:http";
import type { ParsedUrlQuery } from "node:querystring";
import type { Principal } from "../auth/principal.js";
import type { RequestNotes } from "../http/request-notes.js";
import type { OfrepPath } from "./ofrep-path.js";

/** What the log is to say of a request. */
export class OfrepNotes implements RequestNotes {
  subject: string | undefined;
  account: string | undefined;
  config: string | undefined;
  outcomes: readonly string[] | undefined;
  storeCalls: number | undefined;

  constructor(
    readonly path: OfrepPath,
    readonly route: string,
  ) {}
}

/** A request whose caller is known. */
export interface OfrepRequest {
  readonly raw: IncomingMessage;
  readonly requestId: string;
  readonly principal: Principal;
  /** Of a flag. */
  readonly key: string;
  readonly query: ParsedUrlQuery;
  /** Undefined: there is none. */
  readonly body: unknown;
  readonly notes: OfrepNotes;
}
