import type { FieldChange } from "../../domain/change/field-change.js";
import type { Json, JsonObject } from "../../domain/json/json.js";
import type { Constraint } from "../../domain/merge/constraint.js";
import type { Position } from "../../store/store.js";
import type { ConfigTarget } from "../config-catalog.js";
import type { ImpactReport } from "../impact/impact-report.js";
import type { ImpactWatch } from "../impact/impact-watch.js";
import type { ConfigProblem } from "../problems.js";
import type { ConfigSnapshot } from "../read/config-snapshot.js";
import type { JournaledWrite } from "../request-journal.js";
import type { FieldConflict } from "./rebase.js";
import type { WriteIntent } from "./write-decision.js";

/** A write as it is asked for: of a restore the document has yet to be looked up. */
export type RequestedIntent =
  | Exclude<WriteIntent, { kind: "RESTORE" }>
  | { readonly kind: "RESTORE"; readonly revision: number };

export interface WriteRequest {
  readonly target: ConfigTarget;
  readonly intent: RequestedIntent;
  /** Why, in words for people. */
  readonly note?: string | undefined;
  /** The etag that the caller decided on, or several; absent: whatever is there now. */
  readonly ifMatch?: string | readonly string[] | undefined;
  /**
   * The position of the store at which the caller saw what it decided on: a field that the write would overwrite and that was
   * changed since is a conflict. Absent: whatever is there now.
   */
  readonly base?: Position | undefined;
  /** The digest of the impact that the write has to have: with another one it is a conflict. Absent: whatever it has. */
  readonly expectImpact?: string | undefined;
  /** Answers what would happen, and writes nothing. */
  readonly dryRun?: boolean | undefined;
  /**
   * The caller's own name for this write. Sent again with the same name, it is done once, and answered with what was done
   * then. A dry run has no use for it.
   */
  readonly operationId?: string | undefined;
}

export type WriteResult =
  | WrittenConfig
  | { readonly result: "invalid"; readonly problems: readonly ConfigProblem[] }
  | WriteConflict;

export interface WrittenConfig {
  readonly result: "written";
  /** As it is after the write, from the commit itself. */
  readonly snapshot: ConfigSnapshot;
  /** Worked out when it is asked for. */
  readonly changes: readonly FieldChange[];
  /** The layer's overrides now, as far as visible; undefined: none. */
  readonly document: JsonObject | undefined;
  /** The constraints and the pins that the layer's document has now, as far as visible. */
  readonly constraints: readonly Constraint[];
  readonly pins: readonly string[];
  /** Undefined: nothing was written. */
  readonly revision: number | undefined;
  readonly dryRun: boolean;
  /** Whether an earlier request did it: nothing was written now, and `snapshot` is as it is now. */
  readonly replayed: boolean;
  /** The pointers at which the stored overrides are others than before. Worked out when it is asked for. */
  readonly changedPointers: Iterable<string>;
  /** What it does to the accounts that inherit from the layer. Looked at when it is first asked for. @throws as `impactReport` */
  readonly impact: (watch?: ImpactWatch) => Promise<ImpactReport | undefined>;
}

/** Nothing was written. */
export interface WriteConflict {
  readonly result: "conflict";
  /**
   * What did not hold: `ifMatch` named another state than the current one, others have changed since `base` what would be
   * overwritten, or the write would have another impact than `expectImpact`.
   */
  readonly reason: "ifMatch" | "base" | "expectImpact";
  readonly current: ConfigSnapshot;
  /** The impact that it would have; of `expectImpact` alone. */
  readonly impact?: ImpactReport | undefined;
  /** The overlaps with what others have written since `base`: all of them. */
  readonly conflicts: readonly FieldConflict[];
}

export function conflict(
  reason: WriteConflict["reason"],
  current: ConfigSnapshot,
  more: Partial<Pick<WriteConflict, "conflicts" | "impact">> = {},
): WriteConflict {
  return { result: "conflict", reason, current, conflicts: [], ...more };
}

/** All that a write means to do: what is not in here may be another in a retry. */
export function meaningOf({ target, ifMatch, base, expectImpact, intent, note }: WriteRequest): Json {
  const { accountId = null, configId } = target;
  const condition = ifMatch === undefined ? null : [ifMatch].flat();
  const more = [
    ...(base ? [{ base: [base.incarnation, base.sequence] }] : []),
    ...(expectImpact === undefined ? [] : [{ expectImpact }]),
    ...pinsOf(intent),
  ];
  return [intent.kind, accountId, configId, wantedBy(intent), condition, note ?? null, ...more];
}

/** Nothing where there are none: what an older release remembers of a write has no place for them. */
function pinsOf(intent: RequestedIntent): Json[] {
  const pin = "pin" in intent ? (intent.pin ?? []) : [];
  return pin.length === 0 ? [] : [{ pin }];
}

function wantedBy(intent: RequestedIntent): Json {
  switch (intent.kind) {
    case "SET":
      return intent.values;
    case "PATCH":
      return intent.patch;
    case "RESET":
      return intent.pointers ?? null;
    case "RESTORE":
      return intent.revision;
    case "CONSTRAIN":
      return [intent.set.map((constraint) => ({ ...constraint })), intent.remove];
  }
}

/** A write's outcome as the request's journal has it. */
export function journaled(result: WriteResult): Pick<JournaledWrite, "outcome" | "changed"> {
  if (result.result !== "written") return { outcome: result.result };
  if (result.dryRun) return { outcome: "dryRun" };
  if (result.replayed) return { outcome: "replayed" };
  if (result.revision === undefined) return { outcome: "unchanged" };
  return { outcome: "written", changed: result.changedPointers };
}
