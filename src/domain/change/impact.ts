import { equals } from "../json/json.js";
import { sameConstraints } from "../merge/constraint.js";
import type { EffectiveConfig } from "../merge/effective-config.js";
import type { Layer } from "../merge/layer.js";
import type { Pieces } from "../pieces.js";
import { type FieldChange, fieldChangesInPieces } from "./field-change.js";

/** What a write does to one account that inherits from it (R22): the first that fits. */
export const IMPACT_OUTCOMES = ["BROKEN", "HEALED", "CHANGED", "MOVED", "SHIELDED", "UNAFFECTED"] as const;
export type ImpactOutcome = (typeof IMPACT_OUTCOMES)[number];

/** As much of a problem as tells it from others. */
export interface KnownProblem {
  readonly pointer: string;
  readonly keyword: string;
  readonly message: string;
}

/** An account's config before the write, or after it. */
export interface ImpactState<P extends KnownProblem> {
  readonly config: EffectiveConfig;
  /** Of the values as they are. Asked for where the values differ. */
  readonly problems: () => Pieces<readonly P[]>;
}

export interface AccountEffect<P extends KnownProblem> {
  readonly outcome: ImpactOutcome;
  readonly changes: readonly FieldChange[];
  /** Those that the account did not have. */
  readonly problems: readonly P[];
}

export const NO_EFFECT = { outcome: "UNAFFECTED", changes: [], problems: [] } as const;

/**
 * Compares an account's config before and after a write to a layer that it inherits. In pieces: a config may be large.
 * @param before inherits something else than `after`
 */
export function* accountEffect<P extends KnownProblem>(
  before: ImpactState<P>,
  after: ImpactState<P>,
): Pieces<AccountEffect<P>> {
  const isSame = equals(before.config.values, after.config.values);
  yield;
  const changes = yield* fieldChangesInPieces(before.config, after.config);
  // The same values have the same problems.
  if (isSame) return { outcome: changes.length > 0 ? "MOVED" : "SHIELDED", changes, problems: [] };
  const { problems, isHealed } = yield* problemChange(before, after);
  const outcome = problems.length > 0 ? "BROKEN" : isHealed ? "HEALED" : "CHANGED";
  return { outcome, changes, problems };
}

/** Compares a config before and after another schema is in force: the same values may have other problems then. */
export function* schemaEffect<P extends KnownProblem>(
  before: ImpactState<P>,
  after: ImpactState<P>,
): Pieces<AccountEffect<P>> {
  const changes = yield* fieldChangesInPieces(before.config, after.config);
  const { problems, isHealed } = yield* problemChange(before, after);
  const outcome = (): ImpactOutcome => {
    if (problems.length > 0) return "BROKEN";
    if (isHealed) return "HEALED";
    if (!equals(before.config.values, after.config.values)) return "CHANGED";
    if (changes.length > 0) return "MOVED";
    return inheritsTheSame(before.config, after.config) ? "UNAFFECTED" : "SHIELDED";
  };
  return { outcome: outcome(), changes, problems };
}

/** The problems that are new, and whether others have gone. */
function* problemChange<P extends KnownProblem>(
  before: ImpactState<P>,
  after: ImpactState<P>,
): Pieces<{ readonly problems: readonly P[]; readonly isHealed: boolean }> {
  yield;
  const olds = yield* before.problems();
  yield;
  const nows = yield* after.problems();
  const had = new Set(olds.map(nameOf));
  const has = new Set(nows.map(nameOf));
  return {
    problems: nows.filter((problem) => !had.has(nameOf(problem))),
    isHealed: olds.some((problem) => !has.has(nameOf(problem))),
  };
}

/** Whether all that an account sees of the layers below its own is the same: then it does not see what changed. */
export function inheritsTheSame(before: EffectiveConfig, after: EffectiveConfig): boolean {
  const [olds, nows] = [inherited(before), inherited(after)];
  return olds.length === nows.length && olds.every((layer, index) => saysTheSame(layer, nows[index]));
}

function inherited({ layers }: EffectiveConfig): readonly Layer[] {
  return layers.slice(1);
}

function saysTheSame(layer: Layer, other: Layer | undefined): boolean {
  return (
    layer.kind === other?.kind &&
    equals(layer.document, other.document) &&
    sameConstraints(layer.constraints, other.constraints)
  );
}

function nameOf({ pointer, keyword, message }: KnownProblem): string {
  return JSON.stringify([pointer, keyword, message]);
}
