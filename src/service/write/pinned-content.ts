import { StrataError } from "../../domain/errors.js";
import { equals, isObject, type Json, type JsonObject } from "../../domain/json/json.js";
import { tokensOf } from "../../domain/json/pointer.js";
import type { EffectiveConfig } from "../../domain/merge/effective-config.js";
import type { Field } from "../../domain/merge/field-tree.js";
import type { Layer } from "../../domain/merge/layer.js";
import type { Pieces } from "../../domain/pieces.js";
import { withFields } from "../../domain/write/pins.js";
import type { Perspective } from "../../schema/config-schema.js";
import type { DocumentContent } from "../../store/store.js";
import { type VisibleContent, visibleContent } from "../read/visible-layer.js";
import { contentOf } from "./document-content.js";

/** The config with another document in its highest layer, that of nobody's commit yet. */
export function configAfter(before: EffectiveConfig, visible: VisibleContent | undefined): EffectiveConfig {
  const [highest] = before.layers;
  if (highest === undefined) throw new Error("a config has at least the layer that is written");
  const { kind, accountId } = highest;
  const layer: Layer = {
    kind,
    ...(accountId !== undefined && { accountId }),
    document: undefined,
    ...visible,
  };
  return before.withHighest(layer);
}

/**
 * The pins under which a write is decided. A dormant value is not in force: who sends back what is in force there does not
 * mean to replace it by a pinned one.
 */
export function lastingPins(
  pins: readonly string[],
  before: EffectiveConfig,
  sent: JsonObject | undefined,
): readonly string[] {
  if (pins.length === 0 || before.dormant.length === 0) return pins;
  const own = before.layers.length - 1;
  const dormant = new Map(
    before.dormant.flatMap(({ layer, pointer, value }) => (layer === own ? [[pointer, value]] : [])),
  );
  return pins.filter(
    (pointer) => !dormant.has(pointer) || equals(dormant.get(pointer), valueAt(sent ?? {}, pointer)),
  );
}

export function valueAt(object: JsonObject | undefined, pointer: string): Json | undefined {
  let value: Json | undefined = object;
  for (const token of tokensOf(pointer)) {
    if (!isObject(value) || !Object.hasOwn(value, token)) return undefined;
    value = value[token];
  }
  return value;
}

/**
 * The document with every field that is in force at or under the pointers, and pinned there (R18).
 * @throws StrataError BAD_USER_INPUT for a pointer where nothing is in force
 */
export function* withPins(
  content: DocumentContent,
  pointers: readonly string[],
  before: EffectiveConfig,
  perspective: Perspective,
): Pieces<DocumentContent> {
  if (pointers.length === 0) return content;
  const config = configAfter(before, visibleContent(content, perspective));
  yield;
  const fields = new Set<Field>();
  for (const pointer of pointers) {
    const found = config.fieldsUnder(pointer);
    if (found.length === 0) throw nothingThere(pointer);
    for (const field of found) fields.add(field);
  }
  yield;
  const override = withFields(content.override ?? {}, [...fields]);
  const pinned = new Set([...(content.pins ?? []), ...[...fields].map((field) => field.pointer)]);
  return contentOf(override, content.constraints ?? [], pinned);
}

function nothingThere(pointer: string): StrataError {
  return new StrataError("BAD_USER_INPUT", "Nothing is in force there that could be pinned.", { pointer });
}
