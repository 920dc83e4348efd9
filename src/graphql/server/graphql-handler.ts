import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { ApolloServer } from "@apollo/server";
import type { FastifyInstance } from "fastify";
import type { GraphQLSchema } from "graphql";
import type { Principal } from "../../auth/principal.js";
import { challengeFor } from "../../auth/token-header.js";
import type { ReadClient } from "../../http/client-address.js";
import { contentTypeFor } from "../../http/content-type.js";
import { errorResponse } from "../../http/error-response.js";
import { parseJson, readBody } from "../../http/json-body.js";
import { requestId } from "../../http/request-id.js";
import type { TellRequest } from "../../http/request-log.js";
import type { RequestJournal } from "../../service/request-journal.js";
import { withSpan } from "../../telemetry/spans.js";
import type { RequestContext } from "../api/context.js";
import { startApolloServer } from "./apollo-server.js";
import { compressed, compressionOf } from "./compressed-response.js";
import { refuseCrossSite } from "./cross-site.js";
import { answerPreflight, hasJson, pageFor, refuse } from "./early-response.js";
import { collectEvidence, Evidence } from "./evidence.js";
import { graphqlRequestIn, type Members, membersOf, searchOf, withQueryText } from "./graphql-request.js";
import { type GraphqlResponse, jsonResponse } from "./graphql-response.js";
import { cacheKeyOf, headerMapOf, isPlain, searchIn } from "./incoming-request.js";
import { PipelineNotes } from "./pipeline-notes.js";
import { PreparedQueries, type PreparedQuery } from "./prepared-queries.js";
import { queryNameIn } from "./query-name.js";
import { QueryRefusal } from "./query-refusal.js";
import { OK, type OnRequest } from "./request-labels.js";
import { RequestWork } from "./request-work.js";
import type { MadeResponse, ResponseCache } from "./response-cache.js";
import { type ResponseHeaders, withContent } from "./response-headers.js";
import { runPlan } from "./run-plan.js";
import type { ServedContext } from "./served-context.js";
import type { TrustedDocuments } from "./trusted-documents.js";

/** Who sent a request. @throws StrataError UNAUTHENTICATED, RATE_LIMITED */
export type Identify = (request: IncomingMessage) => Promise<Principal>;

export interface GraphqlOptions {
  readonly schema: GraphQLSchema;
  readonly identify: Identify;
  readonly readClient: ReadClient;
  /** @param failure why nothing can be read, where that is known before anything is */
  readonly openContext: (
    principal: Principal,
    failure: unknown,
    journal: RequestJournal,
  ) => Pick<RequestContext, "configs" | "accounts" | "reader">;
  readonly cache: ResponseCache;
  /** The execution at which a query is compiled; absent: the one that pays. */
  readonly compileAt?: number | undefined;
  readonly introspection: boolean;
  /** The only queries that run; undefined: any may. */
  readonly trusted?: TrustedDocuments | undefined;
  /** Whether only names of this machine are answered to. */
  readonly loopbackOnly: boolean;
  readonly responseHeaders: ResponseHeaders;
  /** How many configs are served, for the page that people see. */
  readonly configs: () => number;
  readonly newId: () => string;
  readonly onRequest: OnRequest;
  readonly tell: TellRequest;
}

/** One request whose body has been read. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly startedAt: number;
  readonly notes: PipelineNotes;
  readonly principal: Principal;
  /** Undefined where there is no JSON: the request is a GET, or one that will be refused. */
  readonly body: Buffer | undefined;
  /** What the response is cached under; undefined where it is not. */
  readonly cacheKey: Buffer | undefined;
  /** Of a response without errors; undefined: the client accepts none that there is. */
  readonly contentType: string | undefined;
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

/**
 * Starts everything that serves GraphQL.
 * @returns what takes all requests to `/graphql`
 */
export async function createGraphqlListener(
  app: FastifyInstance,
  options: GraphqlOptions,
): Promise<RequestListener> {
  const { schema } = options;
  collectEvidence(schema);
  const queries = new PreparedQueries(schema, options.compileAt);
  const apollo = await startApolloServer({ ...options, queries, httpServer: app.server, logger: app.log });
  const handler = new GraphqlHandler(options, queries, apollo, app);
  app.addHook("preClose", async () => {
    handler.isClosing = true;
    await apollo.stop();
  });
  return (request, response) => {
    // Nobody else would hear of an error here: the connection ends, and the process goes on.
    handler.serve(request, response).catch(() => request.destroy());
  };
}

class GraphqlHandler {
  /** From then on each connection is closed after its response. */
  isClosing = false;
  /** Finds the query that a request names. */
  readonly #finder: Pick<PreparedQueries, "find">;

  constructor(
    private readonly options: GraphqlOptions,
    private readonly queries: PreparedQueries,
    private readonly apollo: ApolloServer<ServedContext>,
    private readonly app: FastifyInstance,
  ) {
    this.#finder = options.trusted ?? queries;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = performance.now();
    const id = requestId(request);
    const { address } = this.options.readClient(request);
    const notes = new PipelineNotes();
    let made: GraphqlResponse | undefined;
    try {
      made = await this.#respond(request, id, startedAt, notes);
    } catch (error) {
      const { status, body, headers } = errorResponse(error, id, this.app.log);
      made = jsonResponse(request.headers.accept, status, body, headers);
    }
    if (made !== undefined) {
      const coding = compressionOf(request, made);
      const content = coding === undefined ? made : await compressed(made, coding);
      this.#send(request, response, id, challenging(request, content));
    }
    notes.responded(made);
    this.options.tell({
      request,
      requestId: id,
      address,
      route: "/graphql",
      status: made?.status ?? 400,
      milliseconds: performance.now() - startedAt,
      notes,
    });
  }

  /** The steps of every request. Undefined: the client went away. */
  async #respond(
    request: IncomingMessage,
    id: string,
    startedAt: number,
    notes: PipelineNotes,
  ): Promise<GraphqlResponse | undefined> {
    const { loopbackOnly, identify, readClient, configs } = this.options;
    const early = refuse(request, loopbackOnly) ?? answerPreflight(request);
    if (early !== undefined) return early;
    const principal = await identify(request);
    notes.subject = principal.subject;
    const refused = pageFor(request, readClient, configs()) ?? refuseCrossSite(request);
    if (refused !== undefined) return refused;
    const body = hasJson(request) ? await readBody(request) : null;
    if (body === undefined) return undefined;
    const contentType = contentTypeFor(request.headers.accept);
    const cacheKey = cacheKeyOf(request, body ?? undefined);
    const exchange = {
      request,
      requestId: id,
      startedAt,
      notes,
      principal,
      body: body ?? undefined,
      cacheKey,
      contentType,
    };
    const prepared = await withSpan("graphql.prepare", {}, () => this.#prepare(exchange));
    return withSpan("graphql.execute", {}, async () =>
      "query" in prepared ? this.#execute(exchange, prepared) : prepared,
    );
  }

  /** The cached response, or why the query does not run; else what is to be executed. */
  async #prepare(exchange: Exchange): Promise<GraphqlResponse | Prepared> {
    const cached = await this.#cached(exchange);
    if (cached !== undefined) return cached;
    const { body, request } = exchange;
    const json = body && parseJson(body);
    const search = searchIn(request);
    const members = membersOf(json, search);
    try {
      return { json, search, members, query: members && this.#finder.find(queryNameIn(members)) };
    } catch (error) {
      if (!(error instanceof QueryRefusal)) throw error;
      this.#count(exchange, "invalid", error.code);
      return error.response(request.headers.accept);
    }
  }

  async #cached(exchange: Exchange): Promise<GraphqlResponse | undefined> {
    const { cacheKey, contentType, principal, notes } = exchange;
    if (cacheKey === undefined || contentType === undefined) return undefined;
    const found = await orFailure(exchange, this.options.cache.find(cacheKey, principal, notes.journal));
    if (found === undefined) return undefined;
    this.#countMade(exchange, found);
    const headers = { "content-type": contentType };
    return { status: 200, headers, body: found.bytes, encoding: "latin1", cached: found };
  }

  async #execute(exchange: Exchange, { json, search, members, query }: Prepared): Promise<GraphqlResponse> {
    return (
      (await this.#byPlan(exchange, members, query)) ??
      (await this.#byApollo(exchange, spelledOut(json, search, members, query), query))
    );
  }

  async #byPlan(
    exchange: Exchange,
    members: Members | undefined,
    query: PreparedQuery | undefined,
  ): Promise<GraphqlResponse | undefined> {
    const { contentType, failure } = exchange;
    if (contentType === undefined || query === undefined || failure !== undefined) return undefined;
    const asked = isPlain(exchange.request) ? graphqlRequestIn(members ?? {}) : undefined;
    if (asked === undefined) return undefined;
    const operation = this.queries.operation(query, asked.operationName);
    if (!operation?.plan) return undefined;
    const context = this.#contextOf(exchange, query);
    const run = runPlan(this.options.schema, operation, operation.plan, asked.variables, context);
    const text = await orFailure(exchange, run);
    if (text === undefined) return undefined;
    const response = { text, about: operation.about, cost: context.work.cost?.cost };
    this.#countMade(exchange, response);
    this.#offer(exchange, context, response);
    return { status: 200, headers: { "content-type": contentType }, body: text };
  }

  async #byApollo(
    exchange: Exchange,
    asked: { readonly body: unknown; readonly search: string },
    query: PreparedQuery | undefined,
  ): Promise<GraphqlResponse> {
    const { request } = exchange;
    const context = this.#contextOf(exchange, query);
    const {
      status = 200,
      headers,
      body,
    } = await this.apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: {
        method: request.method ?? "",
        headers: headerMapOf(request.headers),
        ...asked,
      },
      context: async () => context,
    });
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

  #contextOf(exchange: Exchange, query: PreparedQuery | undefined): ServedContext {
    const { principal, failure, requestId, notes } = exchange;
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
    this.options.cache.offer(cacheKey, principal, { ...response, schemas }, reader.trace);
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

  #send(request: IncomingMessage, response: ServerResponse, id: string, made: GraphqlResponse): void {
    const { status, headers, body, encoding = "utf8" } = made;
    const all = withContent(this.options.responseHeaders(request, id), headers);
    const bytes = Buffer.byteLength(body, encoding);
    all.push("content-length", String(bytes));
    if (this.isClosing) all.push("connection", "close");
    response.writeHead(status, all);
    // A byte for each character: then the text is ASCII, and Node writes it several times as fast as UTF-8.
    response.end(request.method === "HEAD" ? "" : body, bytes === body.length ? "latin1" : encoding);
  }
}

function challenging({ headers }: IncomingMessage, made: GraphqlResponse): GraphqlResponse {
  if (made.status !== 401) return made;
  return { ...made, headers: { ...made.headers, "www-authenticate": challengeFor(headers) } };
}

/** The request for Apollo Server: a query that was found is in it as text, whatever named it. */
function spelledOut(
  json: unknown,
  search: string,
  members: Members | undefined,
  query: PreparedQuery | undefined,
): { readonly body: unknown; readonly search: string } {
  if (members === undefined || query === undefined) return { body: json ?? {}, search };
  const whole = withQueryText(members, query.text);
  return { body: whole, search: search === "" ? "" : searchOf(whole) };
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
