import {
  ApolloServer,
  type ApolloServerPlugin,
  type GraphQLRequestContextDidResolveOperation,
  type GraphQLRequestContextWillSendResponse,
} from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import { ApolloServerPluginDrainHttpServer } from "@apollo/server/plugin/drainHttpServer";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import { GraphQLError, type GraphQLSchema, type OperationDefinitionNode, OperationTypeNode } from "graphql";
import { StrataError } from "../../domain/errors.js";
import { yieldToEventLoop } from "../../service/yield-to-event-loop.js";
import { createErrorReport, type ErrorReport, isUnauthenticated } from "./error-report.js";
import { isLegacyOk } from "./legacy-status.js";
import { checkOperation } from "./operation-check.js";
import type { PreparedQueries } from "./prepared-queries.js";
import { type OnRequest, operationLabel, outcomeLabel, outcomeLabels } from "./request-labels.js";
import { isTooLarge, tooLarge } from "./response-size.js";
import type { ServedContext } from "./served-context.js";
import { TooDear } from "./too-dear.js";

export interface ApolloOptions {
  readonly schema: GraphQLSchema;
  readonly queries: PreparedQueries;
  readonly httpServer: FastifyInstance["server"];
  readonly introspection: boolean;
  readonly logger: FastifyBaseLogger;
  readonly newId: () => string;
  readonly onRequest: OnRequest;
}

/** Executes every operation for which there is no compiled plan, and says what is wrong with a request. */
export async function startApolloServer(options: ApolloOptions): Promise<ApolloServer<ServedContext>> {
  const { schema, introspection, logger } = options;
  const errors = createErrorReport(logger, options.newId);
  const apollo = new ApolloServer<ServedContext>({
    schema,
    plugins: [
      ApolloServerPluginDrainHttpServer({ httpServer: options.httpServer }),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginCacheControlDisabled(),
      pipelinePlugin(options, errors),
    ],
    introspection,
    hideSchemaDetailsFromClientErrors: !introspection,
    // Refused before.
    csrfPrevention: false,
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    maxRecursiveSelections: true,
    // One more says that there are too many.
    validationOptions: { maxErrors: 9 },
    // Documents are kept with everything else that is found out about a query.
    documentStore: null,
    persistedQueries: false,
    formatError: errors.mask,
    // Megabytes of text take a while.
    stringifyResult: async (response) => {
      await yieldToEventLoop();
      return `${JSON.stringify(response)}\n`;
    },
    logger,
  });
  await apollo.start();
  return apollo;
}

/** The pipeline's own steps, as plain functions, at the places where Apollo Server has room for them. */
function pipelinePlugin(options: ApolloOptions, errors: ErrorReport): ApolloServerPlugin<ServedContext> {
  const { schema, queries, onRequest } = options;
  return {
    async requestDidStart() {
      const startedAt = performance.now();
      return {
        async didResolveSource(resolved) {
          // Known to be valid: Apollo Server neither parses nor validates it again.
          Object.assign(resolved, { document: resolved.contextValue.query?.document });
        },
        async didResolveOperation(resolved) {
          check(queries, resolved);
        },
        async didEncounterErrors({ errors: found, contextValue: { requestId } }) {
          errors.log(found, requestId);
        },
        async willSendResponse(sent) {
          await yieldToEventLoop();
          finish(queries, sent);
          const seconds = (performance.now() - startedAt) / 1_000;
          sent.contextValue.outcome.codes = outcomeLabels(errorsOf(sent));
          onRequest(operationLabel(schema, sent.operation), outcomeLabel(errorsOf(sent)), seconds);
        },
      };
    },
  };
}

function check(
  queries: PreparedQueries,
  { schema, document, request, contextValue }: GraphQLRequestContextDidResolveOperation<ServedContext>,
): void {
  const { query, outcome, work } = contextValue;
  if (query === undefined) throw new Error("an operation came past its preparation");
  queries.keep(query, document);
  const operation = queries.operation(query, request.operationName);
  if (operation === undefined) return;
  outcome.operation = operation;
  try {
    refuseSubscription(operation.operation);
    work.cost = checkOperation(schema, operation, request.variables ?? {});
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    if (error instanceof TooDear) outcome.cost = error.cost;
    throw new GraphQLError(error.message, {
      originalError: error,
      extensions: { http: { status: 400 } },
    });
  }
}

/** Apollo Server executes none: they take a transport that streams. */
function refuseSubscription({ operation }: OperationDefinitionNode): void {
  if (operation !== OperationTypeNode.SUBSCRIPTION) return;
  throw new StrataError(
    "BAD_USER_INPUT",
    "A subscription is answered with a stream: over a WebSocket (graphql-transport-ws), or with `Accept: text/event-stream`.",
  );
}

function finish(queries: PreparedQueries, sent: GraphQLRequestContextWillSendResponse<ServedContext>): void {
  const { response, operation, errors = [], contextValue, request } = sent;
  const { http, body } = response;
  if (body.kind !== "single") return;
  if (isTooLarge(body.singleResult))
    body.singleResult = { data: null, errors: [tooLarge(operation?.operation === "mutation")] };
  if (errors.some(isUnauthenticated)) http.status = 401;
  const accept = request.http?.headers.get("accept") ?? "";
  if (http.status === 400 && isLegacyOk(accept, body.singleResult.errors)) http.status = 200;
  const { outcome } = contextValue;
  if (outcome.operation === undefined || body.singleResult.errors !== undefined) return;
  outcome.isClean = true;
  queries.executed(outcome.operation);
}

function errorsOf({ response: { body } }: GraphQLRequestContextWillSendResponse<ServedContext>) {
  return body.kind === "single" ? body.singleResult.errors : body.initialResult.errors;
}
