import { ApolloServer } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import { ApolloServerPluginDrainHttpServer } from "@apollo/server/plugin/drainHttpServer";
import { fastifyApolloHandler } from "@as-integrations/fastify";
import type { FastifyInstance } from "fastify";
import { NOBODY, type Principal } from "../auth/principal.js";
import { yieldToEventLoop } from "../service/yield-to-event-loop.js";
import type { RequestContext } from "./context.js";
import { createDocumentStore } from "./document-store.js";
import { createErrorReport } from "./error-report.js";
import { learnFrom } from "./learn-from.js";
import { limitsPlugin } from "./plugin/limits.plugin.js";
import { metricsPlugin } from "./plugin/metrics.plugin.js";
import { statusPlugin } from "./plugin/status.plugin.js";
import { createQueryTextCheck } from "./query-text.js";
import { RequestWork } from "./request-work.js";
import { createGraphqlSchema } from "./schema.js";
import { type Asking, ShortCuts, type ShortCutsOptions } from "./short-cuts.js";

export interface GraphqlFaceOptions extends Omit<ShortCutsOptions, "createContext"> {
  /** @param failure why nothing can be read, where that is known before anybody tried */
  readonly createContext: (
    requestId: string,
    principal: Principal,
    failure: unknown,
  ) => Omit<RequestContext, "work" | "outcome">;
  readonly introspection: boolean;
  readonly newId: () => string;
}

/**
 * Serves GraphQL at `/graphql`: POST, and GET for queries with a header that no plain link can send.
 * @returns the ways past it, for whoever takes requests before the app does
 */
export async function addGraphqlFace(app: FastifyInstance, options: GraphqlFaceOptions): Promise<ShortCuts> {
  const errors = createErrorReport(app.log, options.newId);
  const createContext = (requestId: string, asking: Asking | undefined): RequestContext => {
    const { principal = NOBODY, failure } = asking ?? {};
    const context = {
      ...options.createContext(requestId, principal, failure),
      work: new RequestWork(),
      outcome: {},
    };
    if (asking !== undefined) asking.context = context;
    return context;
  };
  const shortCuts = new ShortCuts({ ...options, createContext });
  const apollo = new ApolloServer<RequestContext>({
    schema: await createGraphqlSchema(),
    plugins: [
      ApolloServerPluginDrainHttpServer({ httpServer: app.server }),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginCacheControlDisabled(),
      errors.plugin,
      limitsPlugin((sent) => learnFrom(shortCuts.planned, sent)),
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
    documentStore: createDocumentStore(),
    persistedQueries: false,
    formatError: errors.formatError,
    // Megabytes of text take a while.
    stringifyResult: async (answer) => {
      await yieldToEventLoop();
      return `${JSON.stringify(answer)}\n`;
    },
    logger: app.log,
  });
  await apollo.start();
  app.addHook("preClose", () => apollo.stop());
  const checkQueryText = createQueryTextCheck();
  const askings = new WeakMap<object, Asking>();
  const ask = fastifyApolloHandler(apollo, {
    context: async (request) => createContext(request.id, askings.get(request)),
  });
  app.route({
    url: "/graphql",
    method: ["GET", "POST"],
    onRequest: async (request) => {
      askings.set(request, await shortCuts.asking(request.raw));
    },
    handler: async (request, reply) => {
      for (const text of queryTexts(request)) checkQueryText(text);
      return ask.call(app, request, reply);
    },
    onSend: async (request, reply, payload) => {
      const asking = askings.get(request);
      if (asking === undefined || reply.statusCode !== 200 || typeof payload !== "string") return;
      shortCuts.learn(asking, reply.getHeaders(), payload);
    },
  });
  return shortCuts;
}

/** Found where Apollo will look for it. */
function queryTexts({ method, url, body }: { method: string; url: string; body: unknown }): string[] {
  if (method === "GET") return new URL(url, "http://localhost").searchParams.getAll("query");
  const text = typeof body === "object" && body !== null ? (body as { query?: unknown }).query : undefined;
  return typeof text === "string" ? [text] : [];
}
