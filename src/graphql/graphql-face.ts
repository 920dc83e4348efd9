import { ApolloServer } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import { ApolloServerPluginDrainHttpServer } from "@apollo/server/plugin/drainHttpServer";
import { fastifyApolloHandler } from "@as-integrations/fastify";
import type { FastifyInstance } from "fastify";
import type { RequestContext } from "./context.js";
import { createFormatError } from "./format-error.js";
import { checkNesting, limitsPlugin, QUERY_LIMITS } from "./plugin/limits.plugin.js";
import { metricsPlugin, type OnRequest } from "./plugin/metrics.plugin.js";
import { createGraphqlSchema } from "./schema.js";

export interface GraphqlFaceOptions {
  readonly createContext: (requestId: string) => RequestContext;
  readonly onRequest: OnRequest;
  readonly newId: () => string;
}

/** Serves GraphQL at `/graphql`: POST, and GET for queries with a header that no plain link can send. */
export async function addGraphqlFace(app: FastifyInstance, options: GraphqlFaceOptions): Promise<void> {
  const apollo = new ApolloServer<RequestContext>({
    schema: await createGraphqlSchema(),
    plugins: [
      ApolloServerPluginDrainHttpServer({ httpServer: app.server }),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginCacheControlDisabled(),
      limitsPlugin(),
      metricsPlugin(options.onRequest),
    ],
    introspection: true,
    csrfPrevention: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    maxRecursiveSelections: true,
    parseOptions: { maxTokens: QUERY_LIMITS.tokens },
    validationOptions: { maxErrors: 10 },
    persistedQueries: false,
    formatError: createFormatError(app.log, options.newId),
    logger: app.log,
  });
  await apollo.start();
  app.addHook("preClose", () => apollo.stop());
  app.route({
    url: "/graphql",
    method: ["GET", "POST"],
    preHandler: async ({ body, query }) => {
      for (const given of [body, query]) checkNesting(textOf(given));
    },
    handler: fastifyApolloHandler(apollo, {
      context: async ({ id }) => options.createContext(id),
    }),
  });
}

function textOf(given: unknown): string {
  const text = typeof given === "object" && given !== null ? (given as { query?: unknown }).query : undefined;
  return typeof text === "string" ? text : "";
}
