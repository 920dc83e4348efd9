import { canonical, type Json, LIMITS } from "../../domain/json/json.js";
import type { Pattern } from "../pattern/pattern.js";
import type { Evaluated } from "./evaluated.js";
import type { Failure } from "./failure.js";

/**
 * Steps that one validation may take. A step is a count of work, not a time, so that the same values always get the same
 * answer; on a slow machine this many take about 50 ms.
 */
export const STEP_LIMIT = 250_000;

/** Schemas entered inside each other: values nest as deep as a document may, and each level may ask a few in turn. */
const DEPTH_LIMIT = LIMITS.depth * 16;

/** Steps from which it is dearer to ask a pattern again than to look up what it said. */
const WORTH_REMEMBERING = 4;

export class TooManySteps extends Error {}

/** The verdict of one schema on one value. */
export interface Verdict {
  readonly failure: Failure | undefined;
  /** Undefined: nobody has asked yet which members and items were evaluated. */
  readonly evaluated: Evaluated | undefined;
}

/** One validation under way: what it has spent, and what it knows already. */
export class Run {
  depth = 0;
  #left: number;
  /** By the schema's number, then by value: schemas that several others refer to are asked once about each value. */
  #verdicts: (Map<Json, Verdict> | undefined)[] | undefined;
  #texts: Map<Json, string> | undefined;
  #matches: Map<Pattern, Map<string, boolean>> | undefined;

  /** @param left steps that it may take */
  constructor(left = STEP_LIMIT) {
    this.#left = left;
  }

  /** Steps that it may still take. */
  get left(): number {
    return this.#left;
  }

  /** @throws TooManySteps when that was too many */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new TooManySteps();
  }

  /** @throws TooManySteps when schemas are nested beyond what the stack is made for */
  enter(): void {
    if (++this.depth > DEPTH_LIMIT) throw new TooManySteps();
  }

  verdictsOf(schema: number): Map<Json, Verdict> {
    this.#verdicts ??= [];
    let known = this.#verdicts[schema];
    if (known === undefined) {
      known = new Map();
      this.#verdicts[schema] = known;
    }
    return known;
  }

  /** One text per JSON value; made once. */
  canonical(value: Json): string {
    if (typeof value !== "object" || value === null) return canonical(value);
    this.#texts ??= new Map();
    const known = this.#texts.get(value);
    if (known !== undefined) return known;
    const text = canonical(value);
    this.spend(text.length >> 3);
    this.#texts.set(value, text);
    return text;
  }

  matches(pattern: Pattern, text: string): boolean {
    const cost = pattern.cost(text.length);
    if (cost < WORTH_REMEMBERING) {
      this.spend(cost);
      return pattern.test(text);
    }
    this.#matches ??= new Map();
    let known = this.#matches.get(pattern);
    if (known === undefined) {
      known = new Map();
      this.#matches.set(pattern, known);
    }
    let matches = known.get(text);
    if (matches === undefined) {
      this.spend(cost);
      matches = pattern.test(text);
      known.set(text, matches);
    } else this.spend(1);
    return matches;
  }
}
