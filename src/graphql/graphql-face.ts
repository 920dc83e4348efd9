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
import { limitsPlugin } from "./plugin/limits.plugin.js";
import { metricsPlugin, type OnRequest } from "./plugin/metrics.plugin.js";
import { statusPlugin } from "./plugin/status.plugin.js";
import { checkQueryText } from "./query-text.js";
import { RequestWork } from "./request-work.js";
import { createGraphqlSchema } from "./schema.js";

export interface GraphqlFaceOptions {
  readonly createContext: (requestId: string, principal: Principal) => Omit<RequestContext, "work">;
  /** @throws StrataError UNAUTHENTICATED, RATE_LIMITED */
  readonly identify: (request: FastifyRequest) => Promise<Principal>;
  readonly introspection: boolean;
  readonly onRequest: OnRequest;
  readonly newId: () => string;
}

/** Serves GraphQL at `/graphql`: POST, and GET for queries with a header that no plain link can send. */
export async function addGraphqlFace(app: FastifyInstance, options: GraphqlFaceOptions): Promise<void> {
  const errors = createErrorReport(app.log, options.newId);
  const apollo = new ApolloServer<RequestContext>({
    schema: await createGraphqlSchema(),
    plugins: [
      ApolloServerPluginDrainHttpServer({ httpServer: app.server }),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginCacheControlDisabled(),
      errors.plugin,
      limitsPlugin(),
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
  const principals = new WeakMap<object, Principal>();
  app.route({
    url: "/graphql",
    method: ["GET", "POST"],
    onRequest: async (request) => {
      principals.set(request, await options.identify(request));
    },
    preHandler: async (request) => {
      for (const text of queryTexts(request)) checkQueryText(text);
    },
    handler: fastifyApolloHandler(apollo, {
      context: async (request) => ({
        ...options.createContext(request.id, principals.get(request) ?? NOBODY),
        work: new RequestWork(),
      }),
    }),
  });
}

/** Found where Apollo will look for it. */
function queryTexts({ method, url, body }: FastifyRequest): string[] {
  if (method === "GET") return new URL(url, "http://localhost").searchParams.getAll("query");
  const text = typeof body === "object" && body !== null ? (body as { query?: unknown }).query : undefined;
  return typeof text === "string" ? [text] : [];
}
