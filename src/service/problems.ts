import type { EffectiveConfig } from "../domain/effective-config.js";
import { isEmpty, isObject, type Json, type JsonObject } from "../domain/json.js";
import type { LayerKind } from "../domain/layer.js";
import { tokensOf } from "../domain/pointer.js";
import type { Perspective } from "../schema/config-schema.js";
import type { Rejection } from "../schema/validation.js";

/** One thing that is wrong with effective values. */
export interface ConfigProblem extends Rejection {
  /** The layer that the value at the pointer comes from; undefined where nothing is. */
  readonly source: LayerKind | undefined;
  /** The parent has the problem by itself, so it does not block a write. */
  readonly inherited: boolean;
}

/** What the schema rejects in a config's values (R12), each with the layer it comes from. */
export function problemsOf(config: EffectiveConfig, perspective: Perspective): ConfigProblem[] {
  const rejections = perspective.validate(config.values);
  if (rejections.length === 0) return [];
  const ofParent = new Set(perspective.validate(config.parent().values).map(identity));
  const own = config.layers[0]?.document ?? {};
  return rejections.map((rejection) => ({
    ...rejection,
    source: config.sourceAt(rejection.pointer),
    inherited: ofParent.has(identity(rejection)) && !hasLeafAtOrAbove(own, rejection.pointer),
  }));
}

function identity({ pointer, keyword, message }: Rejection): string {
  return `${pointer}\n${keyword}\n${message}`;
}

/** Whether the override itself says something at the pointer, or replaces an ancestor of it. */
function hasLeafAtOrAbove(override: JsonObject, pointer: string): boolean {
  let value: Json = override;
  for (const token of tokensOf(pointer)) {
    if (!isObject(value)) return true;
    if (!Object.hasOwn(value, token)) return isEmpty(value) && value !== override;
    value = value[token] as Json;
  }
  return !isObject(value) || (isEmpty(value) && value !== override);
}
