import { equals, isEmpty, isObject, type Json, type JsonObject } from "../json/json.js";
import { appendToken, parsePointer, tokensOf } from "../json/pointer.js";
import type { Binding } from "./constraint-tree.js";
import { type Contribution, type Field, FieldTree } from "./field-tree.js";
import type { Layer, LayerKind } from "./layer.js";
import { type DormantLeaf, Merged } from "./merged.js";

/** One config as one account, or the system level, sees it. Everything is derived from the layers, when asked for. */
export class EffectiveConfig {
  #pins: ReadonlySet<string> | undefined;

  /**
   * @param layers highest precedence first; documents as seen (R5)
   * @param merged of the layers' documents, under their constraints; absent: nobody has it already, and no layer has any
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

  /** The layer that a contribution, a dormant override or a constraint is of. */
  layerOf({ layer }: Pick<Contribution, "layer">): Layer {
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
    const index = this.merged.documents.findIndex(
      (document) => document !== undefined && shines(document, tokens),
    );
    return this.layers[index]?.kind;
  }

  /** What is admitted of the highest layer's document. */
  get admitted(): JsonObject | undefined {
    return this.merged.documents[0];
  }

  /** The constraints that bind the highest layer, those of the nearest layer first. */
  get constraints(): readonly Binding[] {
    return this.merged.binding?.bindings ?? [];
  }

  /** The constraint that decides what the highest layer may have at a field; undefined: it may have anything. */
  constraintAt(pointer: string): Binding | undefined {
    return this.merged.binding?.at(tokensOf(pointer));
  }

  /** What layers say and a constraint keeps out of force, of the highest layer first, in document order. */
  get dormant(): readonly DormantLeaf[] {
    return this.merged.dormant;
  }

  /**
   * Whether the highest layer keeps the value in force at a field whatever is inherited. A pinned value that is dormant keeps
   * nothing: what is in force there is another layer's.
   */
  isPinned(pointer: string): boolean {
    if (!this.#pinned.has(pointer)) return false;
    const own = this.layers.length - 1;
    return !this.dormant.some((leaf) => leaf.layer === own && leaf.pointer === pointer);
  }

  get #pinned(): ReadonlySet<string> {
    this.#pins ??= new Set(this.layers[0]?.pins);
    return this.#pins;
  }

  /** The leaves of the highest layer's document that are equal to what would be inherited, and not pinned. */
  redundant(): string[] {
    const document = this.layers.length > 1 ? this.layers[0]?.document : undefined;
    const pointers = document === undefined ? [] : [...equalLeaves(document, this.merged.rest.values)];
    return pointers.filter((pointer) => !this.#pinned.has(pointer));
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
    const merged = this.merged.rest.under(layer.document, layer.constraints);
    return new EffectiveConfig(this.accountId, this.configId, [layer, ...this.layers.slice(1)], merged);
  }
}

function* equalLeaves(document: JsonObject, inherited: JsonObject, prefix = ""): Generator<string> {
  for (const key of Object.keys(document)) {
    if (!Object.hasOwn(inherited, key)) continue;
    const [value, below] = [document[key] as Json, inherited[key] as Json];
    const at = appendToken(prefix, key);
    if (!isObject(value) || isEmpty(value)) {
      if (equals(value, below)) yield at;
    } else if (isObject(below)) yield* equalLeaves(value, below, at);
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
