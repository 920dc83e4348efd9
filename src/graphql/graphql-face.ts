import { ApolloServer } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import { ApolloServerPluginDrainHttpServer } from "@apollo/server/plugin/drainHttpServer";
import { fastifyApolloHandler } from "@as-integrations/fastify";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { NOBODY, type Principal } from "../auth/principal.js";
import { breathe } from "../service/breathe.js";
import type { RequestContext } from "./context.js";
import { createErrorReport } from "./error-report.js";
import type { KeptAnswers } from "./kept-answers.js";
import { learningPlugin } from "./plugin/learning.plugin.js";
import { limitsPlugin } from "./plugin/limits.plugin.js";
import { metricsPlugin, type OnRequest } from "./plugin/metrics.plugin.js";
import { statusPlugin } from "./plugin/status.plugin.js";
import { createQueryTextCheck } from "./query-text.js";
import { acceptJsonUnread, type ReadJson, readBody } from "./question.js";
import { RequestWork } from "./request-work.js";
import { createGraphqlSchema } from "./schema.js";
import { type Asking, type MadeAnswer, ShortCuts } from "./short-cuts.js";

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
  const shortCuts = new ShortCuts(options.answers, options.compileAt);
  const apollo = new ApolloServer<RequestContext>({
    schema: await createGraphqlSchema(),
    plugins: [
      ApolloServerPluginDrainHttpServer({ httpServer: app.server }),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginCacheControlDisabled(),
      errors.plugin,
      limitsPlugin(),
      learningPlugin(shortCuts.compiled),
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
  /** Undefined: it has to go the whole way. The body is read by then. */
  const madeAnswer = async (request: FastifyRequest): Promise<MadeAnswer | undefined> => {
    const asking = askings.get(request);
    const kept = asking && (await shortCuts.kept(asking, request));
    if (kept !== undefined) return kept;
    readBody(request, options.readJson);
    return shortCuts.executed(request, () => contextOf(asking, request));
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
        const made = await madeAnswer(request);
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
        shortCuts.keep(asking, request.headers.accept, String(reply.getHeader("content-type")), payload);
      },
    });
  });
}

/** Found where Apollo will look for it. */
function queryTexts({ method, url, body }: FastifyRequest): string[] {
  if (method === "GET") return new URL(url, "http://localhost").searchParams.getAll("query");
  const text = typeof body === "object" && body !== null ? (body as { query?: unknown }).query : undefined;
  return typeof text === "string" ? [text] : [];
}
