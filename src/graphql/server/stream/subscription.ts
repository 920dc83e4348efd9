import {
  createSourceEventStream,
  execute,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from "graphql";
import type { LiveConfigs } from "../../../service/live/live-configs.js";
import { yieldInBackground } from "../../../service/yield-to-event-loop.js";
import { runEventPlan } from "../plan/run-plan.js";
import type { OperationCost } from "../price/operation-cost.js";
import type { PreparedOperation } from "../query/prepared-queries.js";
import type { ErrorReport } from "../response/error-report.js";
import { isTooLarge, tooLarge } from "../response/response-size.js";
import type { ServedContext } from "../served-context.js";
import { ResultStream } from "./result-stream.js";

export interface SubscriptionOptions {
  readonly schema: GraphQLSchema;
  /** It has passed every check, its price included. */
  readonly operation: PreparedOperation;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly cost: OperationCost | undefined;
  readonly requestId: string;
  readonly errors: ErrorReport;
  /** A new context for each message: nothing that one has read is another's. */
  readonly openContext: () => ServedContext;
  readonly live: LiveConfigs;
  readonly lastEventId: string | undefined;
  /** Gives back the caller's place, when the subscription is over, or has not begun; may be called again. */
  readonly giveBack: () => void;
}

/** @returns the errors, as a client is told of them, where the subscription does not begin */
export async function openSubscription(
  options: SubscriptionOptions,
): Promise<ResultStream | readonly GraphQLFormattedError[]> {
  const { errors, requestId, live, lastEventId, giveBack } = options;
  const told = (found: readonly GraphQLError[]) => errors.told(found, requestId);
  const ending = new AbortController();
  const release = (): void => {
    ending.abort();
    giveBack();
  };
  try {
    const context = { live, lastEventId, signal: ending.signal, ...contextOf(options) };
    const source = await createSourceEventStream({ contextValue: context, ...executed(options) });
    if (Symbol.asyncIterator in source)
      return new ResultStream(source[Symbol.asyncIterator](), {
        execute: (event) => resultOf(options, event),
        told: (error) => told([graphqlError(error)]),
        giveBack,
        release,
      });
    release();
    return told(source.errors ?? []);
  } catch (error) {
    release();
    return told([graphqlError(error)]);
  }
}

/** As JSON text, in one line. */
async function resultOf(options: SubscriptionOptions, event: unknown): Promise<string> {
  const { errors, requestId, operation, variables } = options;
  await yieldInBackground();
  const made = operation.plan && (await runEventPlan(operation.plan, variables, contextOf(options), event));
  if (made) return made.trimEnd();
  const { data, errors: found } = await execute({
    contextValue: contextOf(options),
    rootValue: event,
    ...executed(options),
  });
  const result = {
    ...(found !== undefined && { errors: errors.told(found, requestId) }),
    ...(data !== undefined && { data }),
  };
  return JSON.stringify(isTooLarge(result) ? { data: null, errors: [tooLarge(false)] } : result);
}

function contextOf({ cost, openContext }: SubscriptionOptions): ServedContext {
  const context = openContext();
  context.work.cost = cost;
  return context;
}

function executed({ schema, operation, variables }: SubscriptionOptions) {
  const { document, operation: definition } = operation;
  return { schema, document, operationName: definition.name?.value ?? null, variableValues: variables };
}

function graphqlError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error("what was thrown is no error");
  return new GraphQLError(originalError.message, { originalError });
}
