import type { ComplexityEstimator } from "graphql-query-complexity";

/** The `complexity` of a list that is handed out once its length is known; `guess` is how many items it may have. */
export function listComplexity(guess: number): ComplexityEstimator {
  return ({ childComplexity, node, context }) => {
    const cost = 1 + childComplexity;
    const itemCosts: unknown = context?.itemCosts;
    if (itemCosts instanceof Map) itemCosts.set(node, cost);
    return guess * cost;
  };
}
