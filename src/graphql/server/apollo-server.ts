import {
  ApolloServer,
  type ApolloServerPlugin,
  type GraphQLRequestContextDidResolveOperation,
  type GraphQLRequestContextWillSendResponse,
  type GraphQLResponse,
  HeaderMap,
} from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import { ApolloServerPluginDrainHttpServer } from "@apollo/server/plugin/drainHttpServer";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import { GraphQLError, type GraphQLSchema } from "graphql";
import { StrataError } from "../../domain/errors.js";
import { yieldToEventLoop } from "../../service/yield-to-event-loop.js";
import { TooDear } from "./price/too-dear.js";
import { checkOperation, checkTransport, NotByGet } from "./query/operation-check.js";
import type { PreparedQueries } from "./query/prepared-queries.js";
import { type OnRequest, operationLabel, outcomeLabel, outcomeLabels } from "./request-labels.js";
import { type ErrorReport, isUnauthenticated } from "./response/error-report.js";
import { isLegacyOk } from "./response/legacy-status.js";
import { isTooLarge, tooLarge } from "./response/response-size.js";
import type { ServedContext } from "./served-context.js";

export interface ApolloOptions {
  readonly schema: GraphQLSchema;
  readonly queries: PreparedQueries;
  readonly httpServer: FastifyInstance["server"];
  readonly introspection: boolean;
  readonly logger: FastifyBaseLogger;
  readonly errors: ErrorReport;
  readonly onRequest: OnRequest;
}

/** Executes every operation for which there is no compiled plan, and says what is wrong with a request. */
export async function startApolloServer(options: ApolloOptions): Promise<ApolloServer<ServedContext>> {
  const { schema, introspection, logger, errors } = options;
  const apollo = new ApolloServer<ServedContext>({
    schema,
    plugins: [
      ApolloServerPluginDrainHttpServer({ httpServer: options.httpServer }),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginCacheControlDisabled(),
      pipelinePlugin(options),
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

/** For a subscription that has passed every check: what it yields is not Apollo Server's. */
function mayRun(): GraphQLResponse {
  return { http: { headers: new HeaderMap() }, body: { kind: "single", singleResult: { data: null } } };
}

/** The pipeline's own steps, as plain functions, at the places where Apollo Server has room for them. */
function pipelinePlugin(options: ApolloOptions): ApolloServerPlugin<ServedContext> {
  const { schema, queries, errors, onRequest } = options;
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
        async responseForOperation({ contextValue: { outcome } }) {
          // Apollo Server's own operation is undefined where the request names none of its document.
          return outcome.operation?.operation.operation === "subscription" ? mayRun() : null;
        },
        async didEncounterErrors({ errors: found, contextValue: { requestId } }) {
          errors.log(found, requestId);
        },
        async willSendResponse(sent) {
          await yieldToEventLoop();
          finish(queries, sent);
          // It has yet to begin, and is counted then.
          if (sent.operation?.operation === "subscription" && errorsOf(sent) === undefined) return;
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
    checkTransport(operation.operation.operation, contextValue);
    work.cost = checkOperation(schema, operation, request.variables ?? {});
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    if (error instanceof TooDear) outcome.cost = error.cost;
    throw new GraphQLError(error.message, {
      originalError: error,
      extensions: { http: { status: error instanceof NotByGet ? 405 : 400 } },
    });
  }
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
