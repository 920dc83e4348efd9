import type { ApolloServer } from "@apollo/server";
import type { FastifyBaseLogger } from "fastify";
import type { GraphQLSchema } from "graphql";
import type { Principal } from "../../auth/principal.js";
import { errorResponse } from "../../http/error-response.js";
import type { HttpResponse } from "../../http/http-response.js";
import type { LiveConfigs } from "../../service/live/live-configs.js";
import type { RequestJournal } from "../../service/request-journal.js";
import type { OpenStreams } from "../../stream/open-streams.js";
import { withSpan } from "../../telemetry/spans.js";
import type { RequestContext } from "../api/context.js";
import { graphqlRequestIn, type Members, membersOf, searchOf, withQueryText } from "./graphql-request.js";
import { type AskedRequest, headerMapOf, isPlain, searchIn } from "./incoming-request.js";
import type { PipelineNotes } from "./pipeline-notes.js";
import { runPlan } from "./plan/run-plan.js";
import type { PreparedOperation, PreparedQueries, PreparedQuery } from "./query/prepared-queries.js";
import { queryNameIn } from "./query/query-name.js";
import { QueryRefusal } from "./query/query-refusal.js";
import type { TrustedDocuments } from "./query/trusted-documents.js";
import { OK, type OnRequest, outcomeLabel } from "./request-labels.js";
import { RequestWork } from "./request-work.js";
import type { ErrorReport } from "./response/error-report.js";
import { Evidence } from "./response/evidence.js";
import { jsonResponse } from "./response/graphql-response.js";
import type { MadeResponse, ResponseCache } from "./response/response-cache.js";
import type { ServedContext } from "./served-context.js";
import { ResultStream } from "./stream/result-stream.js";
import { openSubscription } from "./stream/subscription.js";

export interface PipelineOptions {
  readonly schema: GraphQLSchema;
  /** @param failure why nothing can be read, where that is known before anything is */
  readonly openContext: (
    principal: Principal,
    failure: unknown,
    journal: RequestJournal,
  ) => Pick<RequestContext, "configs" | "accounts" | "reader">;
  readonly cache: ResponseCache;
  /** The only queries that run; undefined: any may. */
  readonly trusted?: TrustedDocuments | undefined;
  readonly onRequest: OnRequest;
  readonly streams: OpenStreams;
  readonly live: LiveConfigs;
}

/** How a client takes a subscription. */
export interface StreamWish {
  /** Who it is, for the limit. */
  readonly caller: string;
  /** The cursor of the last message that the client has had, where its transport says so. */
  readonly lastEventId?: string | undefined;
}

/** One operation that a client has sent, whatever it came over. */
export interface Exchange {
  readonly request: AskedRequest;
  readonly requestId: string;
  readonly startedAt: number;
  readonly notes: PipelineNotes;
  readonly principal: Principal;
  /**
   * What the client has sent, parsed; undefined where there is no JSON: the request is a GET, or one that will be refused.
   * @throws StrataError BAD_USER_INPUT
   */
  readonly json: () => unknown;
  /** What the response is cached under; undefined where it is not. */
  readonly cacheKey: Buffer | undefined;
  /** Of a response without errors; undefined: the client accepts none that there is. */
  readonly contentType: string | undefined;
  /** Undefined: the client takes one result, and a subscription is refused. */
  readonly stream: StreamWish | undefined;
  /** Whether there is a query in it, so that what comes of it is about an operation. */
  hasQuery?: boolean;
  /** Why the store could not be asked. */
  failure?: unknown;
}

interface Prepared {
  readonly json: unknown;
  readonly search: string;
  /** Undefined where the request has none, or one that is not what Apollo Server takes. */
  readonly members: Members | undefined;
  /** Undefined where the request has no query to prepare. */
  readonly query: PreparedQuery | undefined;
}

/** The steps of every operation, from what a client has sent to what it gets: one response, or a stream of results. */
export class OperationPipeline {
  /** Finds the query that a request names. */
  readonly #finder: Pick<PreparedQueries, "find">;

  constructor(
    private readonly options: PipelineOptions,
    private readonly queries: PreparedQueries,
    private readonly apollo: ApolloServer<ServedContext>,
    private readonly errors: ErrorReport,
    private readonly logger: FastifyBaseLogger,
  ) {
    this.#finder = options.trusted ?? queries;
  }

  /** Never rejects: whatever is wrong becomes a response, in the shape of GraphQL errors. */
  async run(exchange: Exchange): Promise<HttpResponse | ResultStream> {
    try {
      const prepared = await withSpan("graphql.prepare", {}, () => this.#prepare(exchange));
      return await withSpan("graphql.execute", {}, () =>
        "query" in prepared ? this.#execute(exchange, prepared) : Promise.resolve(prepared),
      );
    } catch (error) {
      const { status, body, headers } = errorResponse(error, exchange.requestId, this.logger);
      return jsonResponse(exchange.request.headers.accept, status, body, headers);
    }
  }

  /** The cached response, or why the query does not run; else what is to be executed. */
  async #prepare(exchange: Exchange): Promise<HttpResponse | Prepared> {
    const cached = await this.#cached(exchange);
    if (cached !== undefined) return cached;
    const { request } = exchange;
    const json = exchange.json();
    const search = searchIn(request);
    const members = membersOf(json, search);
    try {
      const name = members && queryNameIn(members);
      exchange.hasQuery = (name?.text ?? name?.hash) !== undefined;
      return { json, search, members, query: name && this.#finder.find(name) };
    } catch (error) {
      if (!(error instanceof QueryRefusal)) throw error;
      this.#count(exchange, "invalid", error.code);
      return error.response(request.headers.accept);
    }
  }

  async #cached(exchange: Exchange): Promise<HttpResponse | undefined> {
    const { cacheKey, contentType, principal, notes } = exchange;
    if (cacheKey === undefined || contentType === undefined) return undefined;
    const found = await orFailure(exchange, this.options.cache.find(cacheKey, principal, notes.journal));
    if (found === undefined) return undefined;
    exchange.hasQuery = true;
    this.#countMade(exchange, found);
    const headers = { "content-type": contentType };
    return { status: 200, headers, body: found.bytes, encoding: "latin1", cached: found };
  }

  async #execute(
    exchange: Exchange,
    { json, search, members, query }: Prepared,
  ): Promise<HttpResponse | ResultStream> {
    const made = await this.#byPlan(exchange, members, query);
    if (made !== undefined) return made;
    const context = this.#contextOf(exchange, query);
    const asked = spelledOut(exchange, { json, search, members, query });
    const response = await this.#byApollo(exchange, asked, context);
    const { operation, isClean } = context.outcome;
    if (operation?.operation.operation !== "subscription" || !isClean) return response;
    return this.#subscribe(exchange, operation, graphqlRequestIn(members ?? {})?.variables ?? {}, context);
  }

  async #byPlan(
    exchange: Exchange,
    members: Members | undefined,
    query: PreparedQuery | undefined,
  ): Promise<HttpResponse | undefined> {
    const { contentType, failure } = exchange;
    if (contentType === undefined || query === undefined || failure !== undefined) return undefined;
    const asked = isPlain(exchange.request) ? graphqlRequestIn(members ?? {}) : undefined;
    if (asked === undefined) return undefined;
    const operation = this.queries.operation(query, asked.operationName);
    if (!operation?.plan || operation.operation.operation !== "query") return undefined;
    const context = this.#contextOf(exchange, query);
    const run = runPlan(this.options.schema, operation, operation.plan, asked.variables, context);
    const text = await orFailure(exchange, run);
    if (text === undefined) return undefined;
    const response = { text, about: operation.about, cost: context.work.cost?.cost };
    this.#countMade(exchange, response);
    this.#offer(exchange, context, response);
    return { status: 200, headers: { "content-type": contentType }, body: text };
  }

  /** Of a subscription: only whether it may run. */
  async #byApollo(exchange: Exchange, asked: ApolloRequest, context: ServedContext): Promise<HttpResponse> {
    const response = await this.apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { headers: headerMapOf(exchange.request.headers), ...asked },
      context: async () => context,
    });
    const { status = 200, headers, body } = response;
    if (body.kind !== "complete")
      throw new Error("a response that comes in parts: there is no such operation");
    const { isClean, operation, codes, cost = context.work.cost?.cost } = context.outcome;
    const { notes } = exchange;
    notes.operation = operation?.about.notes;
    notes.outcomes = codes;
    notes.cost = cost;
    if (status === 200 && isClean && operation?.operation.operation === "query")
      this.#offer(exchange, context, { text: body.string, about: operation.about, cost });
    return { status, headers: Object.fromEntries(headers), body: body.string };
  }

  /** Begins what Apollo Server has let pass. */
  async #subscribe(
    exchange: Exchange,
    operation: PreparedOperation,
    variables: Members,
    { work, query }: ServedContext,
  ): Promise<HttpResponse | ResultStream> {
    const { stream, request, requestId } = exchange;
    if (stream === undefined) throw new Error("a subscription came past the check of its transport");
    const opened = await openSubscription({
      schema: this.options.schema,
      operation,
      variables,
      cost: work.cost,
      requestId,
      errors: this.errors,
      openContext: () => this.#contextOf(exchange, query),
      live: this.options.live,
      lastEventId: stream.lastEventId,
      giveBack: this.options.streams.limit.take(stream.caller),
    });
    const errors = opened instanceof ResultStream ? undefined : opened;
    this.#count(exchange, operation.about.label, outcomeLabel(errors));
    if (opened instanceof ResultStream) return opened;
    const isUnknown = errors?.some(({ extensions }) => extensions?.code === "UNAUTHENTICATED");
    return jsonResponse(request.headers.accept, isUnknown ? 401 : 200, { errors });
  }

  #contextOf(exchange: Exchange, query: PreparedQuery | undefined): ServedContext {
    const { principal, failure, requestId, notes, stream, request } = exchange;
    const evidence = new Evidence();
    const { configs, accounts, reader } = this.options.openContext(principal, failure, notes.journal);
    return {
      configs,
      accounts,
      reader,
      principal: evidence.watched(principal),
      requestId,
      work: new RequestWork(),
      evidence,
      query,
      takesStreams: stream !== undefined,
      isGet: request.method === "GET",
      outcome: { isClean: false },
    };
  }

  #offer(
    { cacheKey, principal }: Exchange,
    { configs, evidence, reader }: ServedContext,
    response: Omit<MadeResponse, "schemas">,
  ): void {
    if (cacheKey === undefined || !evidence.suffices) return;
    const { schemaDigest: schemas } = configs;
    this.options.cache.offer(cacheKey, principal, { schemas, ...response }, reader.trace);
  }

  /** A response without errors that Apollo Server knows nothing of. */
  #countMade(exchange: Exchange, { about, cost }: Pick<MadeResponse, "about" | "cost">): void {
    exchange.notes.operation = about.notes;
    exchange.notes.cost = cost;
    this.#count(exchange, about.label);
  }

  #count({ startedAt, notes }: Exchange, label: string, outcome = "ok"): void {
    notes.outcomes = outcome === "ok" ? OK : [outcome];
    this.options.onRequest(label, outcome, (performance.now() - startedAt) / 1_000);
  }
}

interface ApolloRequest {
  readonly method: string;
  readonly body: unknown;
  readonly search: string;
}

/**
 * The request for Apollo Server: a query that was found is in it as text, whatever named it. By GET it takes queries alone; a client of
 * server-sent events sends its subscriptions so.
 */
function spelledOut(
  { request, stream }: Exchange,
  { json, search, members, query }: Prepared,
): ApolloRequest {
  const { method = "" } = request;
  if (members === undefined || query === undefined) return { method, body: json ?? {}, search };
  const whole = withQueryText(members, query.text);
  if (stream !== undefined) return { method: "POST", body: whole, search: "" };
  return { method, body: whole, search: search === "" ? "" : searchOf(whole) };
}

/** Where the store cannot be asked, nothing waits for it twice: what executes the query says so at once. */
async function orFailure<T>(exchange: Exchange, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    exchange.failure = error;
    return undefined;
  }
}
