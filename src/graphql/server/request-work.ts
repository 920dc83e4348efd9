import { setImmediate } from "node:timers/promises";
import type { GraphQLResolveInfo } from "graphql";
import type { ListOf, WorkLimit } from "../api/context.js";
import type { OperationCost } from "./price/operation-cost.js";
import { QUERY_LIMITS, tooComplex } from "./query/query-limits.js";

/** Units of cost, some 10 ms, after which other requests have their turn. */
const SLICE = 6_000;

/** Units of a compiled query that take about as long; beyond them it is executed in slices after all. */
const ONE_TURN = 10 * SLICE;

/**
 * How much work one request makes once it runs. The estimate before it can only guess how long a list of fields will
 * be; here it is known, and a long list is handed out in slices, so that it does not hold the process.
 */
export class RequestWork implements WorkLimit {
  #spent = 0;
  /** The cost of the operation, with one item for each list of unknown length. */
  cost: OperationCost | undefined;
  /** Whether lists are handed out at once, by a compiled plan; it fails where they are too long for that. */
  inOneTurn = false;
  readonly #turns: Promise<unknown>[] = [Promise.resolve()];

  /**
   * The items of a list, those beyond the first slice as promises that are kept turn by turn.
   * @throws StrataError QUERY_TOO_COMPLEX, limit `response`, when completing them would cost too much
   */
  handOut<T>(items: readonly T[], { fieldNodes }: GraphQLResolveInfo): ListOf<T> {
    const [node] = fieldNodes;
    const cost = (node && this.cost?.itemCosts.get(node)) ?? 1;
    if (this.#spent + items.length * cost > QUERY_LIMITS.work) {
      throw tooComplex(
        "response",
        `A list of ${items.length} is too long for all that is asked of each: ask for less.`,
      );
    }
    if (this.inOneTurn) {
      this.#spent += items.length * cost;
      if (this.#spent > ONE_TURN) throw new Error("too long for one turn of the event loop");
      return items;
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
