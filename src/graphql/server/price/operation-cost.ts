import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
} from "graphql";
import { QUERY_LIMITS } from "../query/query-limits.js";
import { type DearestField, dearestField } from "./dearest-field.js";
import { type PricedSelection, SelectionPrices } from "./selection-prices.js";

/** The cost of an operation, and the cost of one item for each list of unknown length. */
export interface OperationCost {
  readonly cost: number;
  readonly itemCosts: ReadonlyMap<FieldNode, number>;
  /** Whether it is the same whatever the variables. */
  readonly isConstant: boolean;
  /** Whether counting stopped before its end: it costs at least that much. */
  readonly isAtLeast: boolean;
  /** Where most of the cost is. Undefined while the cost is under the limit. */
  readonly dearest: DearestField | undefined;
}

/**
 * The price of an operation, by the `complexity` of its fields. It is the price of the response that graphql-js would make:
 * fields of one response name are one field, however many fragments select them, and what a directive leaves out is free.
 */
export function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): OperationCost {
  const fragments = new Map(
    document.definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [],
    ),
  );
  const { coerced = {} } = getVariableValues(schema, operation.variableDefinitions ?? [], variables);
  const prices = new SelectionPrices(schema, fragments, coerced);
  const root = schema.getRootType(operation.operation);
  const priced: PricedSelection = root ? prices.operation(root, operation.selectionSet) : NOTHING;
  const { itemCosts, usesVariables, isOver } = prices;
  return {
    cost: priced.cost,
    itemCosts,
    // One that is too dear may be so for the variables of one caller.
    isConstant: !usesVariables && !isOver,
    isAtLeast: isOver,
    dearest: priced.cost > QUERY_LIMITS.cost ? dearestField(priced) : undefined,
  };
}

const NOTHING: PricedSelection = { cost: 0, fields: [] };
