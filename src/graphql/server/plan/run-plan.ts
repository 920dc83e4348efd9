import type { GraphQLSchema } from "graphql";
import type { StrataError } from "../../../domain/errors.js";
import { checkOperation } from "../query/operation-check.js";
import type { PreparedOperation } from "../query/prepared-queries.js";
import { PLAN_CHARACTERS } from "../response/response-size.js";
import type { ServedContext } from "../served-context.js";
import type { CompiledPlan } from "./compiled-plan.js";

/**
 * Executes the compiled plan of a query.
 * @returns the response's JSON text; undefined where it would have errors, or cannot be made in one turn of the event loop:
 * Apollo Server then executes the query, which writes nothing, once more
 * @throws StrataError STORE_UNAVAILABLE: waiting for the store once more would take as long again
 */
export async function runPlan(
  schema: GraphQLSchema,
  prepared: PreparedOperation,
  plan: CompiledPlan,
  variables: Readonly<Record<string, unknown>>,
  context: ServedContext,
): Promise<string | undefined> {
  try {
    context.work.cost = checkOperation(schema, prepared, variables);
    return await textOf(plan, variables, context);
  } catch (error) {
    if ((error as Partial<StrataError>).code === "STORE_UNAVAILABLE") throw error;
    return undefined;
  }
}

/**
 * The same for one event of a subscription, of which the price is known.
 * @returns undefined: graphql-js is to make the result, in several turns or with its errors
 */
export async function runEventPlan(
  plan: CompiledPlan,
  variables: Readonly<Record<string, unknown>>,
  context: ServedContext,
  event: unknown,
): Promise<string | undefined> {
  try {
    return await textOf(plan, variables, context, event);
  } catch {
    return undefined;
  }
}

async function textOf(
  plan: CompiledPlan,
  variables: Readonly<Record<string, unknown>>,
  context: ServedContext,
  event?: unknown,
): Promise<string | undefined> {
  context.work.inOneTurn = true;
  const text = await plan(context, variables, event);
  return text.length > PLAN_CHARACTERS ? undefined : text;
}
