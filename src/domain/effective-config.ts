import { type Contribution, type Field, FieldTree } from "./field-tree.js";
import { isObject, type Json, type JsonObject } from "./json.js";
import type { Layer, LayerKind } from "./layer.js";
import { Merged } from "./merged.js";
import { parsePointer, tokensOf } from "./pointer.js";

/** One config as one account, or the system level, sees it. Everything is derived from the layers, when asked for. */
export class EffectiveConfig {
  /**
   * @param layers highest precedence first; documents as seen (R5)
   * @param merged of the layers' documents, where somebody has it already
   */
  constructor(
    readonly accountId: string | undefined,
    readonly configId: string,
    readonly layers: readonly Layer[],
    readonly merged = Merged.of(layers.map(({ document }) => document)),
  ) {}

  get values(): JsonObject {
    return this.merged.values;
  }

  /** Every leaf, in merge order. */
  get fields(): readonly Field[] {
    return this.merged.fields.list();
  }

  /** The fields at or under a pointer, of these sources (absent: of all), in merge order. */
  fieldsUnder(pointer: string, sources?: ReadonlySet<LayerKind>): Field[] {
    const found = this.merged.fields.at(parsePointer(pointer));
    if (found === undefined) return [];
    const fields = found instanceof FieldTree ? found.list() : [found];
    return sources === undefined ? fields : fields.filter((field) => sources.has(this.sourceOf(field).kind));
  }

  /** The field at a pointer; undefined when nothing is there, or an object with members. */
  fieldAt(pointer: string): Field | undefined {
    const found = this.merged.fields.at(parsePointer(pointer));
    return found instanceof FieldTree ? undefined : found;
  }

  sourceOf({ contributions: [highest] }: Field): Layer {
    return this.layerOf(highest);
  }

  layerOf({ layer }: Contribution): Layer {
    return this.layers.at(-1 - layer) as Layer;
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
   * Together with `merged.contributions` all that the values and their provenance depend on, and nothing else: whoever
   * hashes the two has an etag.
   */
  identity(): string {
    const layers = this.layers.map(({ kind, accountId = "" }) => `${kind}:${accountId}`);
    return `${this.accountId ?? ""} ${this.configId} ${layers.join(" ")}`;
  }

  /** What lies below the highest layer: what a write to that layer is compared with. */
  parent(): EffectiveConfig {
    return new EffectiveConfig(this.accountId, this.configId, this.layers.slice(1), this.merged.rest);
  }

  /** The same config with another document in its highest layer. */
  withHighest(layer: Layer): EffectiveConfig {
    const merged = this.merged.rest.under(layer.document);
    return new EffectiveConfig(this.accountId, this.configId, [layer, ...this.layers.slice(1)], merged);
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
