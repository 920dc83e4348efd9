import { canonical, isEmpty, isObject, type Json, type JsonObject, type JsonObjectDraft } from "./json.js";
import type { Layer, LayerKind } from "./layer.js";
import { type Field, merge } from "./merge.js";
import { isAtOrUnder, parsePointer, tokensOf } from "./pointer.js";

/** One config as one account, or the system level, sees it. Everything is derived from the layers, when asked for. */
export class EffectiveConfig {
  #values: JsonObject | undefined;
  #fields: ReadonlyMap<string, Field> | undefined;

  /** @param layers highest precedence first; documents as seen (R5) */
  constructor(
    readonly accountId: string | undefined,
    readonly configId: string,
    readonly layers: readonly Layer[],
  ) {}

  get values(): JsonObject {
    this.#values ??= merge(this.#documents());
    return this.#values;
  }

  /** Every leaf by its pointer, in merge order; comes out of the same walk as the values. */
  get fields(): ReadonlyMap<string, Field> {
    if (this.#fields === undefined) {
      const fields = new Map<string, Field>();
      this.#values = merge(this.#documents(), (field) => fields.set(field.pointer, field));
      this.#fields = fields;
    }
    return this.#fields;
  }

  /** The fields at or under a pointer, of these sources (absent: of all), in merge order. */
  fieldsUnder(pointer: string, sources?: ReadonlySet<LayerKind>): Field[] {
    parsePointer(pointer);
    const found: Field[] = [];
    for (const field of this.fields.values()) {
      if (!isAtOrUnder(field.pointer, pointer)) continue;
      if (sources === undefined || sources.has(this.sourceOf(field).kind)) found.push(field);
    }
    return found;
  }

  /** The field at a pointer; undefined when nothing is there, or an object with members. */
  fieldAt(pointer: string): Field | undefined {
    parsePointer(pointer);
    return this.fields.get(pointer);
  }

  sourceOf(field: Field): Layer {
    return this.layers[field.contributions[0].layer] as Layer;
  }

  /** The value at a pointer; undefined when there is none. A pointer does not go into arrays. */
  valueAt(pointer: string): Json | undefined {
    let value: Json | undefined = this.values;
    for (const token of parsePointer(pointer)) {
      if (!isObject(value) || !Object.hasOwn(value, token)) return undefined;
      value = value[token];
    }
    return value;
  }

  /**
   * The layer that the value at a pointer comes from: the highest that has the pointer or a non-object above it.
   * Undefined when nothing is there. Unlike elsewhere the pointer may go into arrays: a problem can lie in an item.
   */
  sourceAt(pointer: string): LayerKind | undefined {
    const tokens = tokensOf(pointer);
    if (!reaches(this.values, tokens)) return undefined;
    return this.layers.find(({ document }) => document !== undefined && shines(document, tokens))?.kind;
  }

  /**
   * One text for all that the values and their provenance depend on, and for nothing else: whoever hashes it has an
   * etag: of every layer, what contributes to a field.
   */
  fingerprint(): string {
    const layers = this.layers.map(({ kind, accountId, document }) => [
      kind,
      accountId ?? null,
      contributing(document ?? {}, this.values),
    ]);
    return canonical([this.accountId ?? null, this.configId, layers as Json[]]);
  }

  /** What lies below the highest layer: what a write to that layer is compared with. */
  parent(): EffectiveConfig {
    return new EffectiveConfig(this.accountId, this.configId, this.layers.slice(1));
  }

  /** The same config with another document in its highest layer. */
  withHighest(layer: Layer): EffectiveConfig {
    return new EffectiveConfig(this.accountId, this.configId, [layer, ...this.layers.slice(1)]);
  }

  #documents(): (JsonObject | undefined)[] {
    return this.layers.map((layer) => layer.document);
  }
}

/** Whether a document has the pointer, or a non-object at an ancestor of it. */
function shines(document: JsonObject, tokens: readonly string[]): boolean {
  let value: Json = document;
  for (const token of tokens) {
    if (!isObject(value)) return true;
    if (!Object.hasOwn(value, token)) return false;
    value = value[token] as Json;
  }
  return true;
}

function reaches(values: JsonObject, tokens: readonly string[]): boolean {
  let value: unknown = values;
  for (const token of tokens) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, token)) return false;
    value = (value as Record<string, unknown>)[token];
  }
  return true;
}

/**
 * The part of a document that contributes to a field. The rest is covered: empty objects where an object with members is
 * in force, and members that no layer above a covering value has.
 */
function contributing(document: JsonObject, effective: JsonObject): JsonObject {
  const kept: JsonObjectDraft = {};
  for (const key of Object.keys(document)) {
    if (!Object.hasOwn(effective, key)) continue;
    const value = document[key] as Json;
    const inForce = effective[key];
    // Where something else is in force, the layer's value is shadowed whole: all of it is a contribution.
    if (!isObject(value) || !isObject(inForce) || isEmpty(inForce)) {
      kept[key] = value;
      continue;
    }
    const inner = contributing(value, inForce);
    if (!isEmpty(inner)) kept[key] = inner;
  }
  return kept;
}
