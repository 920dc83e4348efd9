import type { ApolloServerPlugin } from "@apollo/server";
import type { GraphQLSchema } from "graphql";
import { fieldExtensionsEstimator, getComplexity, simpleEstimator } from "graphql-query-complexity";
import { StrataError } from "../../domain/errors.js";
import type { RequestContext } from "../context.js";

/** What one GraphQL document may be. */
export const QUERY_LIMITS = {
  /** Tokens of its text. */
  tokens: 6_000,
  /** Brackets open at once: selections, lists, objects. Room for a literal of the deepest document. */
  nesting: 100,
  /** Estimated work, by the `complexity` of its fields. */
  cost: 50_000,
} as const;

const ESTIMATORS = [fieldExtensionsEstimator(), simpleEstimator({ defaultComplexity: 1 })];

/** Refuses operations that would cost too much, before anything is executed. */
export function limitsPlugin(): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart({ schema }) {
      return {
        async didResolveOperation({ document, request }) {
          const cost = estimate(schema, { document, ...request });
          if (cost <= QUERY_LIMITS.cost) return;
          throw new StrataError(
            "QUERY_TOO_COMPLEX",
            `The operation would cost ${Math.round(cost)}, over the limit of ${QUERY_LIMITS.cost}: ask for less at once.`,
            { limit: "cost" },
          );
        },
      };
    },
  };
}

type Document = Parameters<typeof getComplexity>[0]["query"];

function estimate(
  schema: GraphQLSchema,
  request: { document: Document; variables?: Record<string, unknown>; operationName?: string },
): number {
  const { document: query, variables = {}, operationName } = request;
  try {
    return getComplexity({
      schema,
      query,
      variables,
      estimators: ESTIMATORS,
      ...(operationName && { operationName }),
    });
  } catch {
    // Variables that do not fit: the execution says so, better than an estimate could.
    return 0;
  }
}

/**
 * Refuses a text whose brackets are nested so deep that parsing it could exhaust the stack.
 * @throws StrataError QUERY_TOO_COMPLEX, limit `depth`
 */
export function checkNesting(query: string): void {
  let depth = 0;
  for (const [bracket] of query.matchAll(/"""[\s\S]*?(?<!\\)"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*|[{}[\]()]/g)) {
    if (bracket === "{" || bracket === "[" || bracket === "(") depth++;
    else if (bracket === "}" || bracket === "]" || bracket === ")") depth--;
    if (depth > QUERY_LIMITS.nesting) {
      throw new StrataError(
        "QUERY_TOO_COMPLEX",
        `The query is nested deeper than ${QUERY_LIMITS.nesting} levels. Use variables for data.`,
        { limit: "depth" },
      );
    }
  }
}
