import { ApolloServer } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import { ApolloServerPluginDrainHttpServer } from "@apollo/server/plugin/drainHttpServer";
import { fastifyApolloHandler } from "@as-integrations/fastify";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { LRUCache } from "lru-cache";
import { NOBODY, type Principal } from "../auth/principal.js";
import { breathe } from "../service/breathe.js";
import { CompiledQueries } from "./compiled-queries.js";
import type { RequestContext } from "./context.js";
import { createErrorReport } from "./error-report.js";
import type { KeptAnswer, KeptAnswers } from "./kept-answers.js";
import { learningPlugin } from "./plugin/learning.plugin.js";
import { limitsPlugin } from "./plugin/limits.plugin.js";
import { metricsPlugin, type OnRequest } from "./plugin/metrics.plugin.js";
import { statusPlugin } from "./plugin/status.plugin.js";
import { createQueryTextCheck } from "./query-text.js";
import { acceptJsonUnread, questionOf, type ReadJson, readBody } from "./question.js";
import { RequestWork } from "./request-work.js";
import { createGraphqlSchema } from "./schema.js";

export interface GraphqlFaceOptions {
  /** @param failure why nothing can be read, where that is known before anybody tried */
  readonly createContext: (
    requestId: string,
    principal: Principal,
    failure: unknown,
  ) => Omit<RequestContext, "work" | "outcome">;
  readonly answers: KeptAnswers;
  /** How often a query comes before it is compiled; absent: as often as pays. */
  readonly compileAt?: number | undefined;
  readonly readJson: ReadJson;
  /** @throws StrataError UNAUTHENTICATED, RATE_LIMITED */
  readonly identify: (request: FastifyRequest) => Promise<Principal>;
  readonly introspection: boolean;
  readonly onRequest: OnRequest;
  readonly newId: () => string;
}

/** Serves GraphQL at `/graphql`: POST, and GET for queries with a header that no plain link can send. */
export async function addGraphqlFace(app: FastifyInstance, options: GraphqlFaceOptions): Promise<void> {
  const errors = createErrorReport(app.log, options.newId);
  const compiled = new CompiledQueries(options.compileAt);
  const contentTypes = new ContentTypes();
  const apollo = new ApolloServer<RequestContext>({
    schema: await createGraphqlSchema(),
    plugins: [
      ApolloServerPluginDrainHttpServer({ httpServer: app.server }),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginCacheControlDisabled(),
      errors.plugin,
      limitsPlugin(),
      learningPlugin(compiled),
      statusPlugin(),
      metricsPlugin(options.onRequest),
    ],
    introspection: options.introspection,
    hideSchemaDetailsFromClientErrors: !options.introspection,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    maxRecursiveSelections: true,
    // One more says that there are too many.
    validationOptions: { maxErrors: 9 },
    persistedQueries: false,
    formatError: errors.formatError,
    // Megabytes of text take a while.
    stringifyResult: async (answer) => {
      await breathe();
      return `${JSON.stringify(answer)}\n`;
    },
    logger: app.log,
  });
  await apollo.start();
  app.addHook("preClose", () => apollo.stop());
  const checkQueryText = createQueryTextCheck();
  const askings = new WeakMap<object, Asking>();
  const ask = fastifyApolloHandler(apollo, {
    context: async (request) => contextOf(askings.get(request), request),
  });
  const contextOf = (asking: Asking | undefined, { id }: FastifyRequest): RequestContext => {
    const { principal = NOBODY, failure } = asking ?? {};
    const context = {
      ...options.createContext(id, principal, failure),
      work: new RequestWork(),
      outcome: {},
    };
    if (asking !== undefined) asking.context = context;
    return context;
  };
  /** Undefined: it has to go the whole way. */
  const compiledAnswer = async (
    request: FastifyRequest,
  ): Promise<{ body: string; contentType: string; label: string } | undefined> => {
    const contentType = contentTypes.of(request.headers.accept);
    const found =
      request.method === "POST" && contentType !== undefined ? compiled.find(request.body) : undefined;
    if (found === undefined || contentType === undefined) return undefined;
    const context = contextOf(askings.get(request), request);
    const data = await found.run(context);
    if (data === undefined) return undefined;
    await breathe();
    const { label, isKept } = found.known;
    if (isKept) context.outcome.keepAs = label;
    return { body: `${JSON.stringify({ data })}\n`, contentType, label };
  };
  await app.register(async (face) => {
    acceptJsonUnread(face);
    face.route({
      url: "/graphql",
      method: ["GET", "POST"],
      onRequest: async (request) => {
        askings.set(request, { principal: await options.identify(request) });
      },
      handler: async (request, reply) => {
        const started = performance.now();
        const asking = askings.get(request);
        const kept = asking && (await keptAnswer(asking, request, options.answers));
        if (kept !== undefined) {
          options.onRequest(kept.label, "ok", (performance.now() - started) / 1_000);
          return reply.header("Content-Type", kept.contentType).send(kept.body);
        }
        readBody(request, options.readJson);
        const made = asking && (await compiledAnswer(request));
        if (made !== undefined) {
          options.onRequest(made.label, "ok", (performance.now() - started) / 1_000);
          return reply.header("Content-Type", made.contentType).send(made.body);
        }
        for (const text of queryTexts(request)) checkQueryText(text);
        return ask.call(face, request, reply);
      },
      onSend: async (request, reply, payload) => {
        const asking = askings.get(request);
        if (asking === undefined || reply.statusCode !== 200 || typeof payload !== "string") return;
        const contentType = String(reply.getHeader("content-type"));
        if (asking.context?.outcome.keepAs !== undefined)
          contentTypes.learn(request.headers.accept, contentType);
        keepAnswer(asking, payload, contentType, options.answers);
      },
    });
  });
}

/** One request on its way: who asks, what, and what came of it so far. */
interface Asking {
  readonly principal: Principal;
  question?: string | undefined;
  /** Why the store could not say whether a kept answer holds. */
  failure?: unknown;
  context?: RequestContext;
}

async function keptAnswer(
  asking: Asking,
  request: FastifyRequest,
  answers: KeptAnswers,
): Promise<KeptAnswer | undefined> {
  asking.question = questionOf(request);
  if (asking.question === undefined) return undefined;
  try {
    return await answers.find(asking.question, asking.principal);
  } catch (error) {
    asking.failure = error;
    return undefined;
  }
}

function keepAnswer(
  { principal, question, context }: Asking,
  body: string,
  contentType: string,
  answers: KeptAnswers,
): void {
  if (question === undefined || context?.outcome.keepAs === undefined) return;
  const { keepAs: label } = context.outcome;
  const { trace } = context.reader;
  const { vector } = trace;
  const own = principal.accountId === undefined ? undefined : trace.account(principal.accountId);
  // Whether a token counts depends on how old its account is.
  if (vector === undefined || (own === undefined && !principal.isSuperadmin)) return;
  const issuedFrom = own === undefined ? 0 : Math.floor(Date.parse(own.createdAt) / 1_000);
  const answer = { body: Buffer.from(body), contentType, vector, issuedFrom, label };
  answers.keep(question, principal, answer);
}

/** How many ways of asking for a content type are remembered: clients know a handful. */
const WAYS = 100;

/** The content types that answers came in, by what their callers said that they accept. */
class ContentTypes {
  readonly #known = new LRUCache<string, string>({ max: WAYS });

  of(accept = ""): string | undefined {
    return this.#known.get(accept);
  }

  learn(accept = "", contentType: string): void {
    this.#known.set(accept, contentType);
  }
}

/** Found where Apollo will look for it. */
function queryTexts({ method, url, body }: FastifyRequest): string[] {
  if (method === "GET") return new URL(url, "http://localhost").searchParams.getAll("query");
  const text = typeof body === "object" && body !== null ? (body as { query?: unknown }).query : undefined;
  return typeof text === "string" ? [text] : [];
}
