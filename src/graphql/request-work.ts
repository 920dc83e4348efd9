import { setImmediate } from "node:timers/promises";
import type { FieldNode, GraphQLResolveInfo } from "graphql";
import type { ComplexityEstimator } from "graphql-query-complexity";
import { QUERY_LIMITS, tooComplex } from "./query-limits.js";

/** Items of which some come in a later turn. */
export type ListOf<T> = readonly (T | Promise<T>)[];

/** Units of cost, some 10 ms, after which other requests have their turn. */
const SLICE = 6_000;

/**
 * How much work one request makes once it runs. The estimate before it can only guess how long a list of fields will
 * be; here it is known, and a long list is handed out in slices, so that it does not hold the process.
 */
export class RequestWork {
  #spent = 0;
  readonly #costs = new Map<FieldNode, number>();
  readonly #turns: Promise<unknown>[] = [Promise.resolve()];

  /** Remembers what one item of the list at this place of the query costs. */
  remember(node: FieldNode, cost: number): void {
    this.#costs.set(node, cost);
  }

  /**
   * The items of a list, those beyond the first slice as promises that are kept turn by turn.
   * @throws StrataError QUERY_TOO_COMPLEX, limit `response`, when completing them would cost too much
   */
  handOut<T>(items: readonly T[], { fieldNodes }: GraphQLResolveInfo): ListOf<T> {
    const cost = fieldNodes.reduce((sum, node) => sum + (this.#costs.get(node) ?? 1), 0);
    if (this.#spent + items.length * cost > QUERY_LIMITS.work) {
      throw tooComplex(
        "response",
        `A list of ${items.length} is too long for all that is asked of each: ask for less.`,
      );
    }
    return items.map((item) => {
      this.#spent += cost;
      const turn = Math.floor(this.#spent / SLICE);
      return turn === 0 ? item : this.#turn(turn).then(() => item);
    });
  }

  /** Each comes after the one before, with room for other requests between them. */
  #turn(number: number): Promise<unknown> {
    this.#turns[number] ??= this.#turn(number - 1).then(() => setImmediate());
    return this.#turns[number];
  }
}

/** The `complexity` of a list that `handOut` completes; `guess` is how many items it may have. */
export function listComplexity(guess: number): ComplexityEstimator {
  return ({ childComplexity, node, context }) => {
    const cost = 1 + childComplexity;
    if (context?.work instanceof RequestWork) context.work.remember(node, cost);
    return guess * cost;
  };
}
