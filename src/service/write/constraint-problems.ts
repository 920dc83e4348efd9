import { equals, type JsonObject } from "../../domain/json/json.js";
import { tokensOf } from "../../domain/json/pointer.js";
import { sameConstraint } from "../../domain/merge/constraint.js";
import type { EffectiveConfig } from "../../domain/merge/effective-config.js";
import type { LayerKind } from "../../domain/merge/layer.js";
import { isVisibleAt } from "../../domain/merge/visibility.js";
import type { ConfigSchema } from "../../schema/config-schema.js";
import type { DocumentContent } from "../../store/store.js";
import type { ConfigProblem } from "../problems.js";
import { valueAt } from "./pinned-content.js";

/**
 * What a write wants in force and a constraint keeps out of it (R17): new or changed overrides, and those that the caller
 * names and that were in force. What was dormant before, and is as it was, is none.
 * @param sent the values that the caller wants in force
 */
export function dormantProblems(
  before: EffectiveConfig,
  after: EffectiveConfig,
  sent: JsonObject | undefined,
): ConfigProblem[] {
  const own = after.layers.length - 1;
  const dormant = after.dormant.filter(({ layer }) => layer === own);
  if (dormant.length === 0) return [];
  const document = before.layers[0]?.document;
  const wasDormant = new Set(
    before.dormant.flatMap(({ layer, pointer }) => (layer === own ? [pointer] : [])),
  );
  const found = dormant.filter(({ pointer, value }) => {
    const isSame = equals(valueAt(document, pointer), value);
    const isNamed = valueAt(sent, pointer) !== undefined;
    return !isSame || (isNamed && !wasDormant.has(pointer));
  });
  return found.map(({ pointer, binding }): ConfigProblem => {
    const { kind, schema, reason } = binding.constraint;
    const source = after.layerOf(binding).kind;
    const verdict = kind === "LOCK" ? "is locked" : "is outside the bounds that are set";
    return {
      pointer,
      keyword: kind === "LOCK" ? "locked" : "bounds",
      message: `${verdict} by ${NAMES[source]}: ${reason}`,
      ...(schema !== undefined && { expected: schema }),
      source,
      inherited: false,
      existing: false,
    };
  });
}

const NAMES: Readonly<Record<LayerKind, string>> = {
  ACCOUNT: "the account",
  RESELLER: "the reseller",
  SYSTEM: "the system",
  SCHEMA: "the schema",
};

/** Constraints that the write puts at places that no account sees: they would bind nobody. */
export function unseenConstraints(
  { constraints = [] }: DocumentContent,
  stored: DocumentContent,
  schema: ConfigSchema,
  after: EffectiveConfig,
): ConfigProblem[] {
  const known = new Map(stored.constraints?.map((constraint) => [constraint.pointer, constraint]));
  const visibility = schema.forAccount?.visibility;
  return constraints
    .filter((constraint) => !sameConstraint(constraint, known.get(constraint.pointer)))
    .filter(({ pointer }) => !isVisibleAt(visibility, tokensOf(pointer)))
    .map(({ pointer }) => ({
      pointer,
      keyword: "unknown",
      message: "is no setting that an account sees; a constraint there would bind nobody",
      source: after.layers[0]?.kind,
      inherited: false,
      existing: false,
    }));
}
