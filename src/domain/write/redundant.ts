import { equals, isObject, type Json, type JsonObject } from "../json/json.js";
import { tokensOf } from "../json/pointer.js";
import { bindsAbove } from "../merge/constraint-tree.js";
import type { EffectiveConfig } from "../merge/effective-config.js";
import { reset } from "./patch.js";

/** Why a redundant override cannot be dropped without changing what is in force. */
export type KeptBecause = "inherited" | "bounds";

export interface Prunable {
  /** Pointers that can be dropped together: every value in force stays, here and wherever the document is inherited. */
  readonly dropped: readonly string[];
  readonly kept: readonly { readonly pointer: string; readonly because: KeptBecause }[];
}

/**
 * Which redundant overrides of a config's own document can be dropped.
 * @param isInherited whether the document is the RESELLER layer of others: those inherit from the layers below it without the
 * account's own reseller (R1), so what is equal to that one's value may be all that they have it from
 */
export function prunable(config: EffectiveConfig, isInherited: boolean): Prunable {
  const redundant = config.redundant();
  const below = config.layers[1]?.kind === "RESELLER" ? config.merged.rest.rest.values : undefined;
  const document = config.layers[0]?.document ?? {};
  const kept: { pointer: string; because: KeptBecause }[] = [];
  const candidates = redundant.filter((pointer) => {
    if (!isInherited || below === undefined) return true;
    const isSame = equals(valueAt(below, pointer), valueAt(document, pointer));
    if (!isSame) kept.push({ pointer, because: "inherited" });
    return isSame;
  });
  const dropped = candidates.filter((pointer) => !isJudgedWithOthers(config, pointer));
  const isSafe = equals(config.values, valuesWithout(config, candidates));
  if (isSafe) return { dropped: candidates, kept };
  const judged = candidates.filter((pointer) => isJudgedWithOthers(config, pointer));
  return { dropped, kept: [...kept, ...judged.map((pointer) => ({ pointer, because: "bounds" as const }))] };
}

/** Bounds judge an object whole: what it says elsewhere may pass only together with this. */
function isJudgedWithOthers({ merged }: EffectiveConfig, pointer: string): boolean {
  return merged.binding?.bindings.some((binding) => bindsAbove(binding, pointer)) === true;
}

function valuesWithout(config: EffectiveConfig, pointers: readonly string[]): JsonObject {
  const [highest] = config.layers;
  if (highest?.document === undefined) return config.values;
  return config.withHighest({ ...highest, document: reset(highest.document, pointers) }).values;
}

function valueAt(object: JsonObject, pointer: string): Json | undefined {
  let value: Json | undefined = object;
  for (const token of tokensOf(pointer)) {
    if (!isObject(value) || !Object.hasOwn(value, token)) return undefined;
    value = value[token];
  }
  return value;
}
