import { hash } from "node:crypto";
import { AdmittingCache } from "../../cache/admitting-cache.js";
import { Merged } from "../../domain/merge/merged.js";
import { bindingConstraints } from "../../schema/bounds.js";
import type { Perspective } from "../../schema/config-schema.js";
import type { MergeCache } from "../../store/merge-cache.js";
import { type StoredDocument, versionText } from "../../store/store.js";
import type { ConfigPerspective } from "../config-catalog.js";
import { type Later, yieldToEventLoop } from "../yield-to-event-loop.js";
import type { LayerVersions } from "./stored-layers.js";
import { parseVisibleLayers, type VisibleLayer, visibleLayer } from "./visible-layer.js";

/**
 * The stored layers of one config as visible, and all of its layers merged, each under the constraints of those below it.
 * Names no account: many accounts share it.
 */
export interface VisibleConfig {
  /** Highest precedence first, without SCHEMA. */
  readonly layers: readonly (VisibleLayer | undefined)[];
  readonly merged: Merged;
}

export interface MergedConfigsOptions {
  /** Bytes of memory that all merges may take, as far as it can be told. */
  readonly bytes: number;
  readonly shared?: MergeCache | undefined;
  /** Hears of every merge that a read needed, and whether it was in memory. */
  readonly onLookup?: ((known: boolean) => void) | undefined;
}

/** A merge, and the layers that it was made of. */
export interface MergedLayers {
  readonly layers: LayerVersions;
  readonly config: VisibleConfig;
}

/** Bytes of a merge for each character of its documents' JSON, at worst: many small values, many long pointers. */
const BYTES_PER_CHARACTER = 48;
const BYTES_PER_MERGE = 2 * 1024;

/**
 * Merges under the config's digest and the versions of everything that they are made of: an entry can be missing, never stale. Each is a document
 * over the merge of the layers below it, which it shares with every account that inherits from the same layers.
 */
export class MergedConfigs {
  readonly #cache: AdmittingCache<VisibleConfig>;
  /** One flight for each key. A key stands for one merge for ever, so anybody may join. */
  readonly #flights = new Map<string, Promise<VisibleConfig | undefined>>();
  readonly #characters = new WeakMap<object, number>();

  constructor(private readonly options: MergedConfigsOptions) {
    this.#cache = new AdmittingCache({ bytes: options.bytes, sizeOf: (config) => this.#sizeOf(config) });
  }

  /**
   * The merge of some layers. Reads documents only where neither the merge nor what it inherits is known.
   * @param read reads the layers once more, as they are now, with all documents
   * @returns the merge, of `layers` or of those that were read since; undefined when `read` finds no account any more
   */
  of(
    from: ConfigPerspective,
    layers: LayerVersions,
    read: () => Promise<LayerVersions | undefined>,
  ): Later<MergedLayers | undefined> {
    const wanted = new Wanted(from, layers, read);
    const known = this.#cache.get(wanted.keys[0] as string);
    this.options.onLookup?.(known !== undefined);
    return known === undefined ? this.#make(wanted) : { layers, config: known };
  }

  async #make(wanted: Wanted): Promise<MergedLayers | undefined> {
    if (this.#firstMissing(wanted) === undefined) await yieldToEventLoop();
    const missing = this.#firstMissing(wanted);
    if (missing === undefined) return this.#made(wanted);
    const config = await this.#flight(wanted, missing);
    if (config !== undefined) return this.#made(wanted, { at: missing, config });
    // The layers have changed since their versions were read. What is there now is of one moment as well.
    const now = await wanted.read();
    return now && this.#made(new Wanted(wanted.from, now, () => wanted.read()));
  }

  #made(wanted: Wanted, base?: Base): MergedLayers {
    return { layers: wanted.layers, config: this.#fold(wanted, 0, base) };
  }

  /** The first layer, highest precedence first, that was not read and whose merge is not known; undefined: none. */
  #firstMissing({ keys, layers: { versions, documents } }: Wanted): number | undefined {
    for (const [index, key] of keys.entries()) {
      if (index > 0 && this.#cache.has(key)) return undefined;
      if (versions[index] !== undefined && index >= documents.length) return index;
    }
    return undefined;
  }

  #flight(wanted: Wanted, at: number): Promise<VisibleConfig | undefined> {
    const key = wanted.keys[at] as string;
    const flight = this.#flights.get(key) ?? this.#fly(wanted, at).finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }

  /**
   * The merge of the layers from `at` on: those that other gateways have put into the shared cache, or that are read.
   * @returns undefined when the documents of these versions are no longer there
   */
  async #fly(wanted: Wanted, at: number): Promise<VisibleConfig | undefined> {
    const { shared } = this.options;
    const key = wanted.keys[at] as string;
    const name = shared && hash("sha256", key, "base64url");
    const text = name && (await shared?.get(name));
    const found = text ? parseVisibleLayers(text, wanted.keys.length - at) : undefined;
    if (found !== undefined) {
      await yieldToEventLoop();
      return this.#fold(wanted, at, undefined, (index) => found[index - at]);
    }
    const layers = await wanted.read();
    const now = layers && new Wanted(wanted.from, layers, () => wanted.read());
    if (now?.keys[at] !== key) return undefined;
    await yieldToEventLoop();
    const config = this.#fold(now, at);
    if (name !== undefined) shared?.put(name, JSON.stringify(config.layers));
    return config;
  }

  /** The longest cached prefix of the merge of the layers from `first` on. */
  #base({ from, keys }: Wanted, first: number): Base {
    for (let at = Math.max(1, first); at < keys.length; at++) {
      const config = this.#cache.get(keys[at] as string);
      if (config !== undefined) return { at, config };
    }
    return { at: keys.length, config: defaultsOf(from.perspective) };
  }

  /** Folds the layers from `first` on over those that are merged already. What accounts inherit is cached at once. */
  #fold(
    wanted: Wanted,
    first: number,
    { at, config } = this.#base(wanted, first),
    visible = (index: number) => wanted.visible(index),
  ): VisibleConfig {
    let folded = config;
    for (let index = at - 1; index >= first; index--) {
      const layer = visible(index);
      const key = wanted.keys[index] as string;
      folded = over(folded, layer);
      if (index > 0) this.#cache.put(key, folded);
      else this.#cache.offer(key, folded);
    }
    return folded;
  }

  #sizeOf({ layers, merged }: VisibleConfig): number {
    const lists = layers.flatMap((layer) => [layer?.constraints, layer?.pins]);
    const parts = [...layers.map((layer) => layer?.document), merged.documents.at(-1), ...lists];
    const characters = parts.reduce((sum, part) => sum + this.#charactersOf(part), 0);
    return BYTES_PER_MERGE + BYTES_PER_CHARACTER * characters;
  }

  #charactersOf(part: object | undefined): number {
    if (part === undefined) return 0;
    const characters = this.#characters.get(part) ?? JSON.stringify(part).length;
    this.#characters.set(part, characters);
    return characters;
  }
}

/** The merge of the layers from `at` on. */
interface Base {
  readonly at: number;
  readonly config: VisibleConfig;
}

/** Layers whose merge is wanted, and how to read what is missing of them. */
class Wanted {
  /** For each layer the key of the merge of it and all below it. */
  readonly keys: readonly string[];
  #reading: Promise<LayerVersions | undefined> | undefined;

  constructor(
    readonly from: ConfigPerspective,
    readonly layers: LayerVersions,
    private readonly readLayers: () => Promise<LayerVersions | undefined>,
  ) {
    const keys: string[] = [];
    const { digest, id, forSystem } = from.schema;
    let key = `${digest} ${id} ${from.perspective === forSystem ? "system" : "account"}`;
    for (let index = layers.versions.length - 1; index >= 0; index--) {
      key += ` ${versionText(layers.versions[index])}`;
      keys.unshift(key);
    }
    this.keys = keys;
  }

  /** Once, however often it is called. */
  read(): Promise<LayerVersions | undefined> {
    this.#reading ??= this.readLayers();
    return this.#reading;
  }

  visible(index: number): VisibleLayer | undefined {
    return visibleLayer(this.layers.documents[index], this.from.perspective);
  }
}

/** SCHEMA is a constant of the folder: its merge is made once. */
const defaults = new WeakMap<Perspective, VisibleConfig>();

export function defaultsOf(perspective: Perspective): VisibleConfig {
  const config = defaults.get(perspective) ?? { layers: [], merged: Merged.of([perspective.defaults]) };
  defaults.set(perspective, config);
  return config;
}

function over({ layers, merged }: VisibleConfig, layer: VisibleLayer | undefined): VisibleConfig {
  const constraints = layer?.constraints && bindingConstraints(layer.constraints);
  return { layers: [layer, ...layers], merged: merged.under(layer?.document, constraints) };
}

/**
 * The merge of documents that were just read, highest precedence first. It looks nothing up by a name or a version.
 * @param below what they lie over, where that is merged already; absent: the schema's defaults
 */
export function mergeOf(
  perspective: Perspective,
  documents: readonly (StoredDocument | undefined)[],
  below = defaultsOf(perspective),
): VisibleConfig {
  return documents.reduceRight<VisibleConfig>(
    (merged, document) => over(merged, visibleLayer(document, perspective)),
    below,
  );
}
