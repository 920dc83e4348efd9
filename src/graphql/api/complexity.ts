import type { FieldNode } from "graphql";

/** What the price of a field is told from. */
interface Priced {
  /** As they come, unchecked; what cannot be had is refused once it runs. */
  readonly args: Readonly<Record<string, unknown>>;
  /** The price of all that is selected below the field, of one item where it is a list. */
  readonly childComplexity: number;
  readonly node: FieldNode;
  /** `itemCosts`: what one item of each list costs that is handed out. */
  readonly context?: { readonly itemCosts?: unknown } | undefined;
}

/** The `complexity` of a field. */
type ComplexityEstimator = (field: Priced) => number;

// The price of a field is counted in units: one is a value that is read and written, one to two microseconds. Fields
// have the price 1, unless their `complexity` says otherwise.

/**
 * The `complexity` of a list that is handed out once its length is known.
 * @param guess how many items it may have
 * @param own what it takes to look them up
 */
export function listComplexity(guess: number, own = 0): ComplexityEstimator {
  return ({ childComplexity, node, context }) => {
    const cost = 1 + childComplexity;
    const itemCosts: unknown = context?.itemCosts;
    // A fragment's field can stand in several places, with more beside it in one of them.
    if (itemCosts instanceof Map) itemCosts.set(node, Math.max(cost, itemCosts.get(node) ?? 0));
    return own + guess * cost;
  };
}

/** Of one config. A past moment takes more looking up. */
export const configComplexity: ComplexityEstimator = ({ args, childComplexity }) =>
  (args.asOf ? 40 : 20) + childComplexity;

/** A write takes more, but leaves the event loop to others in between. As many as fit into a query's tokens are allowed. */
export const writeComplexity: ComplexityEstimator = ({ childComplexity }) => 150 + childComplexity;
