import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  getNullableType,
  isListType,
  Kind,
  type OperationDefinitionNode,
  visit,
} from "graphql";
import {
  type ComplexityEstimator,
  fieldExtensionsEstimator,
  getComplexity,
  simpleEstimator,
} from "graphql-query-complexity";

/** The cost of an operation, and the cost of one item for each list of unknown length. */
export interface OperationCost {
  readonly cost: number;
  readonly itemCosts: ReadonlyMap<FieldNode, number>;
  /** Whether it is the same whatever the variables. */
  readonly isConstant: boolean;
}

/** Introspection fields have no `complexity`: the schema has some 30 types, with a handful of members each. */
const introspection: ComplexityEstimator = ({ type, field, childComplexity }) => {
  if (!type.name.startsWith("__") || !isListType(getNullableType(field.type))) return undefined;
  return (field.name === "types" ? 30 : 4) * (1 + childComplexity);
};
const ESTIMATORS = [fieldExtensionsEstimator(), introspection, simpleEstimator({ defaultComplexity: 1 })];
/** Arguments that say how much is wanted. */
const SIZES: ReadonlySet<string> = new Set(["first", "last", "configIds", "ids", "representations"]);

/**
 * The price of an operation, by the `complexity` of its fields; infinite where there is no end to it. One that fails is
 * never constant: it may have failed for the variables of one caller.
 */
export function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): OperationCost {
  const found = estimate(schema, document, operation, variables);
  return { ...found, isConstant: found.cost < Number.POSITIVE_INFINITY && !dependsOnVariables(document) };
}

/** The variables fit by now, so all that can fail is counting: fragments that multiply each other never end. */
function estimate(
  schema: GraphQLSchema,
  query: DocumentNode,
  { name }: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): Omit<OperationCost, "isConstant"> {
  const itemCosts = new Map<FieldNode, number>();
  const context = { itemCosts };
  const operation = name && { operationName: name.value };
  try {
    const cost = getComplexity({ schema, query, variables, estimators: ESTIMATORS, context, ...operation });
    return { cost, itemCosts };
  } catch {
    return { cost: Number.POSITIVE_INFINITY, itemCosts };
  }
}

function dependsOnVariables(document: DocumentNode): boolean {
  let inside = 0;
  let found = false;
  const enter = () => {
    inside++;
  };
  const leave = () => {
    inside--;
  };
  visit(document, {
    Directive: { enter, leave },
    Argument: {
      enter: ({ name }) => (SIZES.has(name.value) ? enter() : undefined),
      leave: ({ name }) => (SIZES.has(name.value) ? leave() : undefined),
    },
    [Kind.VARIABLE]: () => {
      if (inside > 0) found = true;
    },
  });
  return found;
}
