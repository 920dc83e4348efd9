import type { FastifyRequest } from "fastify";
import { LRUCache } from "lru-cache";
import type { Principal } from "../auth/principal.js";
import { breathe } from "../service/breathe.js";
import { CompiledQueries } from "./compiled-queries.js";
import type { RequestContext } from "./context.js";
import type { KeptAnswers } from "./kept-answers.js";
import { questionOf } from "./question.js";

/** One request on its way: who asks, what, and what came of it so far. */
export interface Asking {
  readonly principal: Principal;
  question?: string | undefined;
  /** Why the store could not say whether a kept answer holds. */
  failure?: unknown;
  context?: RequestContext;
}

/** An answer that did not have to go the whole way. */
export interface MadeAnswer {
  readonly body: string | Buffer;
  readonly contentType: string;
  /** What metrics call the operation. */
  readonly label: string;
}

/** How many ways of asking for a content type are remembered: clients know a handful. */
const WAYS = 100;

/**
 * The ways past Apollo, for what has gone through it before: an answer that is kept and still holds, or a query that is
 * compiled. Both bring what the whole way would bring, byte for byte; where one cannot, it says so, and nothing is lost.
 */
export class ShortCuts {
  readonly compiled: CompiledQueries;
  /** The content types that answers came in, by what their callers said that they accept. */
  readonly #contentTypes = new LRUCache<string, string>({ max: WAYS });

  constructor(
    private readonly answers: KeptAnswers,
    compileAt: number | undefined,
  ) {
    this.compiled = new CompiledQueries(compileAt);
  }

  /** Before the body is read. */
  async kept(asking: Asking, request: FastifyRequest): Promise<MadeAnswer | undefined> {
    asking.question = questionOf(request);
    if (asking.question === undefined) return undefined;
    try {
      return await this.answers.find(asking.question, asking.principal);
    } catch (error) {
      asking.failure = error;
      return undefined;
    }
  }

  /** Once the body is read. */
  async executed(
    { method, headers, body }: FastifyRequest,
    createContext: () => RequestContext,
  ): Promise<MadeAnswer | undefined> {
    const contentType = this.#contentTypes.get(headers.accept ?? "");
    if (method !== "POST" || contentType === undefined) return undefined;
    const found = this.compiled.find(body);
    if (found === undefined) return undefined;
    const context = createContext();
    const data = await found.run(context);
    if (data === undefined) return undefined;
    await breathe();
    const { label, isKept } = found.known;
    if (isKept) context.outcome.keepAs = label;
    return { body: `${JSON.stringify({ data })}\n`, contentType, label };
  }

  /** What was answered with 200, as it is sent. */
  keep({ principal, question, context }: Asking, accept = "", contentType: string, body: string): void {
    const label = context?.outcome.keepAs;
    if (context === undefined || label === undefined) return;
    this.#contentTypes.set(accept, contentType);
    const { trace } = context.reader;
    const { vector } = trace;
    const own = principal.accountId === undefined ? undefined : trace.account(principal.accountId);
    // Whether a token counts depends on how old its account is.
    if (question === undefined || vector === undefined || (own === undefined && !principal.isSuperadmin))
      return;
    const issuedFrom = own === undefined ? 0 : Math.floor(Date.parse(own.createdAt) / 1_000);
    this.answers.keep(question, principal, {
      body: Buffer.from(body),
      contentType,
      vector,
      issuedFrom,
      label,
    });
  }
}
