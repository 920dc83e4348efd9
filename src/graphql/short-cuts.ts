import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { LRUCache } from "lru-cache";
import { tokensCountFrom } from "../auth/policy.js";
import type { Principal } from "../auth/principal.js";
import type { RequestContext } from "./context.js";
import type { KeptAnswers, MadeAnswer } from "./kept-answers.js";
import { PlannedQueries } from "./planned-queries.js";
import type { OnRequest } from "./plugin/metrics.plugin.js";
import { type Question, questionOf, type ReadJson } from "./question.js";

/** As much of a request as says who sent it. */
export interface Caller {
  readonly headers: IncomingHttpHeaders;
  readonly ip: string;
}

/** One request on its way: who asks, what, and what came of it so far. */
export interface Asking {
  readonly principal: Principal;
  readonly question?: Question | undefined;
  /** Why the store could not be asked, on a shorter way. */
  failure?: unknown;
  context?: RequestContext;
}

/** Never throws. */
export type Answering = (body: Buffer) => Promise<MadeAnswer | undefined>;

export interface ShortCutsOptions {
  readonly answers: KeptAnswers;
  /** How often a query comes before it is planned; absent: as often as pays. */
  readonly planAt?: number | undefined;
  readonly readJson: ReadJson;
  /** @throws StrataError UNAUTHENTICATED, RATE_LIMITED */
  readonly identify: (caller: Caller) => Promise<Principal>;
  readonly createContext: (requestId: string, asking: Asking) => RequestContext;
  readonly onRequest: OnRequest;
}

type AnswerHeaders = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** How many ways of asking are remembered: clients know a handful. */
const MANNERS = 100;
/** Of each answer its own, or put there by whoever sends it. */
const OWN_HEADERS: ReadonlySet<string> = new Set(["x-request-id", "content-length"]);

/**
 * The ways past Apollo, for what has gone through it before: an answer that is kept and still holds, or a query that is
 * planned. Both bring what the whole way would bring, byte for byte; where one cannot, the request goes the whole way.
 */
export class ShortCuts {
  readonly planned: PlannedQueries;
  /** The headers of answers, by the manner in which they were asked for. */
  readonly #heads = new LRUCache<string, readonly string[]>({ max: MANNERS });
  /** Of those that go the whole way: the garbage collector takes what hangs in such a map for alive. */
  readonly #askings = new WeakMap<IncomingMessage, Promise<Asking>>();

  constructor(private readonly options: ShortCutsOptions) {
    this.planned = new PlannedQueries(options.planAt);
  }

  /**
   * Before the body is read: who asks, and whether they may.
   * @returns what makes an answer of the body; undefined, from either: the request has to go the whole way
   */
  async begin(request: IncomingMessage): Promise<Answering | undefined> {
    const identified = this.#identify(request);
    try {
      const principal = await identified;
      return (body) => this.#answer(request, principal, body);
    } catch {
      // Said as it has to be said on the whole way, which does not ask again.
      const refused = identified.then((principal) => ({ principal }));
      // Should nobody come to ask, it is no concern of the process.
      refused.catch(() => {});
      this.#askings.set(request, refused);
      return undefined;
    }
  }

  async #answer(
    request: IncomingMessage,
    principal: Principal,
    body: Buffer,
  ): Promise<MadeAnswer | undefined> {
    const startedAt = performance.now();
    const asking: Asking = { principal, question: questionOf(request, body) };
    let made: MadeAnswer | undefined;
    try {
      made = (await this.#kept(asking)) ?? (await this.#executed(asking, request, body));
    } catch {
      // Said again, as it has to be said, on the whole way.
    }
    if (made === undefined) this.#askings.set(request, Promise.resolve(asking));
    else this.options.onRequest(made.label, "ok", (performance.now() - startedAt) / 1_000);
    return made;
  }

  /** What is known of a request that goes the whole way. @throws StrataError UNAUTHENTICATED, RATE_LIMITED */
  async asking(request: IncomingMessage): Promise<Asking> {
    return (await this.#askings.get(request)) ?? { principal: await this.#identify(request) };
  }

  #identify({ headers, socket }: IncomingMessage): Promise<Principal> {
    return this.options.identify({ headers, ip: socket.remoteAddress ?? "" });
  }

  async #kept(asking: Asking): Promise<MadeAnswer | undefined> {
    if (asking.question === undefined) return undefined;
    return unlessFailed(asking, this.options.answers.find(asking.question, asking.principal));
  }

  async #executed(asking: Asking, request: IncomingMessage, body: Buffer): Promise<MadeAnswer | undefined> {
    const head = asking.question && this.#heads.get(asking.question.manner);
    if (head === undefined) return undefined;
    const found = this.planned.find(this.options.readJson(body, request.headers["content-type"] ?? ""));
    if (found === undefined) return undefined;
    const context = this.options.createContext("", asking);
    const text = await unlessFailed(asking, found.run(context));
    if (text === undefined) return undefined;
    const { label, isKept } = found.known;
    const made = { head, body: bytesOf(text), label };
    if (isKept) this.#keep(asking, context, made);
    return made;
  }

  /** What was answered with 200 on the whole way, as it is sent. */
  learn(asking: Asking, headers: AnswerHeaders, text: string): void {
    const { question, context } = asking;
    const label = context?.outcome.keepAs;
    if (question === undefined || context === undefined || label === undefined) return;
    const head = this.#heads.get(question.manner) ?? headOf(headers);
    this.#heads.set(question.manner, head);
    this.#keep(asking, context, { head, body: bytesOf(text), label });
  }

  #keep({ principal, question }: Asking, context: RequestContext, answer: MadeAnswer): void {
    if (question === undefined || !this.options.answers.isWorthKeeping(question, principal)) return;
    const { trace } = context.reader;
    const { vector } = trace;
    const own = principal.accountId === undefined ? undefined : trace.account(principal.accountId);
    // Whether a token counts depends on how old its account is.
    if (vector === undefined || (own === undefined && !principal.isSuperadmin)) return;
    const issuedFrom = own === undefined ? 0 : tokensCountFrom(own);
    this.options.answers.keep(question, principal, { ...answer, vector, issuedFrom });
  }
}

function headOf(headers: AnswerHeaders): readonly string[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || OWN_HEADERS.has(name) ? [] : [name, String(value)],
  );
}

/** A text's UTF-8 bytes as characters: what is sent needs no other encoding, and takes half the memory. */
function bytesOf(text: string): string {
  const isAscii = Buffer.byteLength(text) === text.length;
  return isAscii ? text : Buffer.from(text).toString("latin1");
}

/** Where the store cannot be reached nobody waits for it twice: the whole way says so at once. */
async function unlessFailed<T>(asking: Asking, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    asking.failure = error;
    return undefined;
  }
}
