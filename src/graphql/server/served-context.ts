import type { RequestContext } from "../api/context.js";
import type { PreparedOperation, PreparedQuery } from "./query/prepared-queries.js";
import type { RequestWork } from "./request-work.js";
import type { Evidence } from "./response/evidence.js";

/** Apollo Server hands copies of the context on: this one object is the same in all of them. */
export interface Outcome {
  /** Set once it is known which operation of the query is executed. */
  operation?: PreparedOperation;
  /** Whether it was executed, and without an error. */
  isClean: boolean;
  /** What came of it: `ok`, or the codes of its errors. */
  codes?: readonly string[];
  /** Of an operation that is refused for it. */
  cost?: number;
}

/** A request's context, with what only the server has to know. */
export interface ServedContext extends RequestContext {
  readonly requestId: string;
  readonly work: RequestWork;
  readonly evidence: Evidence;
  /** Undefined where the request has no query to prepare. */
  readonly query: PreparedQuery | undefined;
  /** Whether the client can be sent the results of a subscription. */
  readonly takesStreams: boolean;
  /** Whether it came by GET, which changes nothing. */
  readonly isGet: boolean;
  readonly outcome: Outcome;
}
