import type { ImpactOutcome } from "../../domain/change/impact.js";
import type { AccountPath } from "../../store/store.js";

/** Accounts that follow each other in the order of the tree. */
export interface Stretch {
  /** The account before the first of them; undefined: there is none. */
  readonly after: AccountPath | undefined;
  readonly last: AccountPath;
}

interface KnownStretch extends Stretch {
  readonly outcomes: ReadonlySet<ImpactOutcome>;
}

/** Accounts of one stretch. */
const LENGTH = 200;

/** Where in the tree each outcome is: a page of a rare one then looks at some accounts, not at all. */
export class OutcomeStretches {
  readonly #closed: KnownStretch[] = [];
  #outcomes = new Set<ImpactOutcome>();
  #accounts = 0;
  #last: AccountPath | undefined;

  /** In the order of the tree. */
  add(path: AccountPath, outcome: ImpactOutcome): void {
    if (this.#accounts === LENGTH) this.#close();
    this.#outcomes.add(outcome);
    this.#accounts++;
    this.#last = path;
  }

  /** Where accounts with an outcome are, behind one of them (absent: from the first on). What adjoins is one stretch. */
  with(outcome: ImpactOutcome, behind?: AccountPath): Stretch[] {
    if (this.#accounts > 0) this.#close();
    const found: Stretch[] = [];
    for (const { after, last, outcomes } of this.#closed) {
      if (!outcomes.has(outcome) || (behind !== undefined && comparePaths(last, behind) <= 0)) continue;
      const before = found.at(-1);
      if (before !== undefined && before.last === after) found[found.length - 1] = { ...before, last };
      else if (behind !== undefined && (after === undefined || comparePaths(after, behind) < 0))
        found.push({ after: behind, last });
      else found.push({ after, last });
    }
    return found;
  }

  #close(): void {
    const after = this.#closed.at(-1)?.last;
    this.#closed.push({ after, last: this.#last as AccountPath, outcomes: this.#outcomes });
    this.#outcomes = new Set();
    this.#accounts = 0;
  }
}

/** In the order of the tree: each account before those below it. */
export function comparePaths(a: AccountPath, b: AccountPath): number {
  for (const [depth, id] of a.entries()) {
    const other = b[depth];
    if (other === undefined) return 1;
    if (id !== other) return id < other ? -1 : 1;
  }
  return a.length - b.length;
}
