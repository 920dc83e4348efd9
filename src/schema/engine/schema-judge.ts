import { isObject, type Json } from "../../domain/json/json.js";
import { Evaluated } from "./evaluated.js";
import { type Failure, together } from "./failure.js";
import type { Run } from "./run.js";

/** The verdict of one keyword on a value; `evaluated` is given when a caller needs the members and items that were judged. */
export type Check<T = Json> = (value: T, run: Run, evaluated: Evaluated | undefined) => Failure | undefined;

/** Values by the keywords that are for them. */
export type Kind = "object" | "array" | "string" | "number" | "other";

/** Anything that judges values; compiled schemas do. */
export interface Judge {
  judge(value: Json, run: Run, evaluated?: Evaluated): Failure | undefined;
}

/** A failure is kept until the end, so it costs more than a success. */
const STEPS_A_FAILURE = 4;

/** One schema object, compiled: the checks for each kind of value, in the order in which they are to be reported. */
export class SchemaJudge implements Judge {
  readonly #checks: Readonly<Record<Kind, Check[]>> = {
    object: [],
    array: [],
    string: [],
    number: [],
    other: [],
  };
  /** Checks that need to know what all others have evaluated. */
  readonly #last: Check[] = [];
  /** How many schemas lead here. */
  uses = 0;
  /** Whether other schemas speak about the same value, or about what is inside it. */
  asksInPlace = false;
  asksInside = false;

  /** @param number tells it apart from the other schemas of a validator */
  constructor(private readonly number: number) {}

  add<T extends Json>(kinds: readonly Kind[], check: Check<T>): void {
    // A check is added for the kinds that it is written for.
    for (const kind of kinds) this.#checks[kind].push(check as unknown as Check);
  }

  addLast(check: Check): void {
    this.#last.push(check);
  }

  judge(value: Json, run: Run, evaluated?: Evaluated): Failure | undefined {
    const isScalar = typeof value !== "object" || value === null;
    const isAskedAgain = this.uses > 1 && (this.asksInPlace || (this.asksInside && !isScalar));
    return isAskedAgain ? this.#remembered(value, run, evaluated) : this.#judge(value, run, evaluated);
  }

  #remembered(value: Json, run: Run, evaluated: Evaluated | undefined): Failure | undefined {
    const verdicts = run.verdictsOf(this.number);
    const known = verdicts.get(value);
    if (known !== undefined && (evaluated === undefined || known.evaluated !== undefined)) {
      run.spend(1 + (evaluated === undefined ? 0 : (known.evaluated?.size ?? 0)));
      if (known.evaluated !== undefined) evaluated?.add(known.evaluated);
      return known.failure;
    }
    const own = evaluated && new Evaluated();
    const failure = this.#judge(value, run, own);
    verdicts.set(value, { failure, evaluated: own });
    if (own !== undefined) evaluated?.add(own);
    return failure;
  }

  #judge(value: Json, run: Run, evaluated: Evaluated | undefined): Failure | undefined {
    const checks = this.#checks[kindOf(value)];
    run.spend(1 + (checks.length >> 2));
    run.enter();
    const asked = this.#last.length === 0 ? evaluated : new Evaluated();
    let failures: Failure[] | undefined;
    for (const check of checks) {
      const failure = check(value, run, asked);
      if (failure !== undefined) failures = added(failures, failure);
    }
    for (const check of this.#last) {
      const failure = check(value, run, asked);
      if (failure !== undefined) failures = added(failures, failure);
    }
    if (asked !== undefined && asked !== evaluated) evaluated?.add(asked);
    run.depth--;
    if (failures !== undefined) run.spend(STEPS_A_FAILURE);
    return together(failures);
  }
}

export function added<T>(list: T[] | undefined, one: T): T[] {
  if (list === undefined) return [one];
  list.push(one);
  return list;
}

function kindOf(value: Json): Kind {
  switch (typeof value) {
    case "string":
      return "string";
    case "number":
      return "number";
    default:
      if (isObject(value)) return "object";
      return Array.isArray(value) ? "array" : "other";
  }
}
