import { StrataError } from "../../../domain/errors.js";
import { QUERY_LIMITS } from "../query/query-limits.js";
import type { OperationCost } from "./operation-cost.js";

/** An operation costs more than it may. Tells the cost, the limit, and the field to make cheaper first. */
export class TooDear extends StrataError {
  readonly cost: number;
  /** For programs, beside the code and the limit's name. */
  readonly figures: Readonly<Record<string, number | string>>;

  constructor({ cost, isAtLeast, dearest }: OperationCost) {
    const amount = isAtLeast ? `at least ${cost}` : String(cost);
    const where =
      dearest === undefined
        ? ""
        : ` The dearest field is ${dearest.path} (${dearest.coordinate}), with ${dearest.cost} of it.`;
    super(
      "QUERY_TOO_COMPLEX",
      `The operation would cost ${amount}, and may cost ${QUERY_LIMITS.cost}: ask for less at once.${where}`,
      { limit: "cost" },
    );
    this.cost = cost;
    this.figures = {
      cost,
      maximumCost: QUERY_LIMITS.cost,
      ...(dearest && {
        dearestField: dearest.path,
        dearestCoordinate: dearest.coordinate,
        dearestCost: dearest.cost,
      }),
    };
  }
}
