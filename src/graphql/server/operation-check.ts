import type { GraphQLSchema } from "graphql";
import { StrataError } from "../../domain/errors.js";
import { costOf, type OperationCost } from "./operation-cost.js";
import type { PreparedOperation } from "./prepared-queries.js";
import { QUERY_LIMITS } from "./query-limits.js";
import { TooDear } from "./too-dear.js";
import { checkVariables } from "./variables.js";

/**
 * Checks an operation with its variables before anything of it is executed.
 * @returns its price, which is remembered where it is the same whatever the variables
 * @throws StrataError BAD_USER_INPUT for variables that do not fit; QUERY_TOO_COMPLEX (limit `cost`)
 */
export function checkOperation(
  schema: GraphQLSchema,
  prepared: PreparedOperation,
  variables: Readonly<Record<string, unknown>>,
): OperationCost {
  const { document, operation } = prepared;
  if (!schema.getRootType(operation.operation))
    throw new StrataError("BAD_USER_INPUT", `There is no ${operation.operation} here.`);
  checkVariables(schema, document, operation, variables);
  const price = prepared.cost ?? costOf(schema, document, operation, variables);
  if (price.cost > QUERY_LIMITS.cost) throw new TooDear(price);
  if (price.isConstant) prepared.cost = price;
  return price;
}
