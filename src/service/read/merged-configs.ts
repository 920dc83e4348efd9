import { hash } from "node:crypto";
import { AdmittingCache } from "../../cache/admitting-cache.js";
import type { JsonObject } from "../../domain/json.js";
import { Merged } from "../../domain/merged.js";
import type { Perspective } from "../../schema/config-schema.js";
import type { MergeCache } from "../../store/merge-cache.js";
import { type StoredDocument, versionText } from "../../store/store.js";
import type { ConfigPerspective } from "../config-catalog.js";
import { type Later, yieldToEventLoop } from "../yield-to-event-loop.js";
import type { LayerVersions } from "./stored-layers.js";
import { parseVisibleLayers, type VisibleLayer, visibleLayer } from "./visible-layer.js";

/** The stored layers of one config as visible, and all of its layers merged. Names no account: many accounts share it. */
export interface VisibleConfig {
  /** Highest precedence first, without SCHEMA. */
  readonly layers: readonly (VisibleLayer | undefined)[];
  readonly merged: Merged;
}

export interface MergedConfigsOptions {
  /** Bytes of memory that all merges may take, as far as it can be told. */
  readonly bytes: number;
  /** Stands for the schema folder and for the release: the same versions make another merge under another one. */
  readonly digest: string;
  readonly shared?: MergeCache | undefined;
  /** Hears of every merge that a read needed, and whether it was in memory. */
  readonly onLookup?: ((known: boolean) => void) | undefined;
}

/** A merge, and the layers that it was made of. */
export interface MergedLayers {
  readonly layers: LayerVersions;
  readonly config: VisibleConfig;
}

/** What a merge takes for each character of its documents' JSON, at worst: many small values, many long pointers. */
const BYTES_PER_CHARACTER = 48;
const BYTES_PER_MERGE = 2 * 1024;

/**
 * Merges under the versions of everything that they are made of: an entry can be missing, never stale. Each is a document
 * over the merge of the layers below it, which it shares with every account that inherits from the same layers.
 */
export class MergedConfigs {
  readonly #cache: AdmittingCache<VisibleConfig>;
  /** One flight for each key. A key stands for one merge for ever, so anybody may join. */
  readonly #flights = new Map<string, Promise<VisibleConfig | undefined>>();
  readonly #characters = new WeakMap<JsonObject, number>();

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
    const keys = keysOf(from, layers);
    const known = this.#cache.get(keys[0] as string);
    this.options.onLookup?.(known !== undefined);
    return known === undefined ? this.#make(from, layers, keys, read) : { layers, config: known };
  }

  async #make(
    from: ConfigPerspective,
    layers: LayerVersions,
    keys: Keys,
    read: () => Promise<LayerVersions | undefined>,
  ): Promise<MergedLayers | undefined> {
    if (this.#firstMissing(layers, keys) === undefined) await yieldToEventLoop();
    const missing = this.#firstMissing(layers, keys);
    if (missing === undefined)
      return { layers, config: this.#fold(keys, this.#base(from, keys), visibleIn(from, layers)) };
    let reading: Promise<LayerVersions | undefined> | undefined;
    const readOnce = () => {
      reading ??= read();
      return reading;
    };
    const config = await this.#flight(from, keys, missing, readOnce);
    if (config !== undefined)
      return { layers, config: this.#fold(keys, { at: missing, config }, visibleIn(from, layers)) };
    // The layers have changed since their versions were read. What is there now is of one moment as well.
    const now = await readOnce();
    if (now === undefined) return undefined;
    const keysNow = keysOf(from, now);
    return { layers: now, config: this.#fold(keysNow, this.#base(from, keysNow), visibleIn(from, now)) };
  }

  /** The first layer, highest precedence first, that was not read and whose merge is not known; undefined: none. */
  #firstMissing({ versions, documents }: LayerVersions, keys: Keys): number | undefined {
    for (const [index, key] of keys.entries()) {
      if (index > 0 && this.#cache.has(key)) return undefined;
      if (versions[index] !== undefined && index >= documents.length) return index;
    }
    return undefined;
  }

  #flight(
    from: ConfigPerspective,
    keys: Keys,
    at: number,
    read: () => Promise<LayerVersions | undefined>,
  ): Promise<VisibleConfig | undefined> {
    const key = keys[at] as string;
    const flight =
      this.#flights.get(key) ?? this.#fly(from, keys, at, read).finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }

  /**
   * The merge of the layers from `at` on: those that other gateways have put into the shared cache, or that are read.
   * @returns undefined when the documents of these versions are no longer there
   */
  async #fly(
    from: ConfigPerspective,
    keys: Keys,
    at: number,
    read: () => Promise<LayerVersions | undefined>,
  ): Promise<VisibleConfig | undefined> {
    const { shared, digest } = this.options;
    const key = keys[at] as string;
    const name = shared && hash("sha256", `${digest} ${key}`, "base64url");
    const text = name && (await shared?.get(name));
    const found = text ? parseVisibleLayers(text, keys.length - at) : undefined;
    const layers = found === undefined ? await read() : undefined;
    if (found === undefined && (layers === undefined || keysOf(from, layers)[at] !== key)) return undefined;
    await yieldToEventLoop();
    const visible = layers === undefined ? (index: number) => found?.[index - at] : visibleIn(from, layers);
    const config = this.#fold(keys, this.#base(from, keys), visible, at);
    if (name !== undefined && found === undefined) shared?.put(name, JSON.stringify(config.layers));
    return config;
  }

  /** What is known already of the merge: as much as possible, from the lowest layer up. */
  #base({ perspective }: ConfigPerspective, keys: Keys): Base {
    for (let at = 1; at < keys.length; at++) {
      const config = this.#cache.get(keys[at] as string);
      if (config !== undefined) return { at, config };
    }
    return { at: keys.length, config: defaultsOf(perspective) };
  }

  /** Folds layers over those that are merged already, up to the one at `until`. What accounts inherit is cached at once. */
  #fold(
    keys: Keys,
    { at, config }: Base,
    visible: (index: number) => VisibleLayer | undefined,
    until = 0,
  ): VisibleConfig {
    let folded = config;
    for (let index = at - 1; index >= until; index--) {
      const layer = visible(index);
      folded = { layers: [layer, ...folded.layers], merged: folded.merged.under(layer?.document) };
      if (index > 0) this.#cache.put(keys[index] as string, folded);
      else this.#cache.offer(keys[index] as string, folded);
    }
    return folded;
  }

  #sizeOf({ merged }: VisibleConfig): number {
    const characters = merged.documents.reduce((sum, document) => sum + this.#charactersOf(document), 0);
    return BYTES_PER_MERGE + BYTES_PER_CHARACTER * characters;
  }

  #charactersOf(document: JsonObject | undefined): number {
    if (document === undefined) return 0;
    const characters = this.#characters.get(document) ?? JSON.stringify(document).length;
    this.#characters.set(document, characters);
    return characters;
  }
}

/** The merge of the layers from `at` on. */
interface Base {
  readonly at: number;
  readonly config: VisibleConfig;
}

/** For each layer the key of the merge of it and all below it. */
type Keys = readonly string[];

function keysOf({ schema, perspective }: ConfigPerspective, { versions }: LayerVersions): Keys {
  const keys: string[] = [];
  let key = `${schema.id} ${perspective === schema.forSystem ? "system" : "account"}`;
  for (let index = versions.length - 1; index >= 0; index--) {
    key += ` ${versionText(versions[index])}`;
    keys.unshift(key);
  }
  return keys;
}

function visibleIn({ perspective }: ConfigPerspective, { documents }: LayerVersions) {
  return (index: number) => visibleLayer(documents[index], perspective);
}

/** SCHEMA is a constant of the folder: its merge is made once. */
const defaults = new WeakMap<Perspective, VisibleConfig>();

function defaultsOf(perspective: Perspective): VisibleConfig {
  const config = defaults.get(perspective) ?? { layers: [], merged: Merged.of([perspective.defaults]) };
  defaults.set(perspective, config);
  return config;
}

/** The merge of some documents, highest precedence first, past every cache: what a write decides on. */
export function uncachedMerge(
  perspective: Perspective,
  documents: readonly (StoredDocument | undefined)[],
): VisibleConfig {
  const layers = documents.map((document) => visibleLayer(document, perspective));
  const schema = defaultsOf(perspective).merged;
  return { layers, merged: layers.reduceRight((below, layer) => below.under(layer?.document), schema) };
}
