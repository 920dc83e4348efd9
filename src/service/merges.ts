import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { JsonObject } from "../domain/json.js";
import { Merged } from "../domain/merged.js";
import { visiblePart } from "../domain/visibility.js";
import type { ConfigSchema, Perspective } from "../schema/config-schema.js";
import type { MergeCache } from "../store/merge-cache.js";
import { type StoredDocument, type Version, versionText } from "../store/store.js";
import { breathe, whenThereIsTime } from "./breathe.js";
import { Recurrence } from "./recurrence.js";

/** What of a stored document its account sees, and who wrote it. */
interface SeenLayer {
  readonly document: JsonObject;
  readonly revision: number;
  readonly updatedAt: string;
  readonly updatedBy: string;
}

/** The stored layers of one config as seen, and all of its layers merged. Knows no account: many share it. */
export interface SeenConfig {
  readonly layers: readonly (SeenLayer | undefined)[];
  readonly merged: Merged;
}

export interface MergesOptions {
  /** Bytes of memory that all merges may take, as far as it can be told. */
  readonly bytes: number;
  /** Stands for the schema folder and for the release: the same versions make another merge under another one. */
  readonly digest: string;
  readonly shared?: MergeCache | undefined;
  /** Hears of every merge that a read needed, and whether it was known already. */
  readonly onLookup?: ((known: boolean) => void) | undefined;
}

/** What a merge takes for each character of its documents' JSON, at worst: many small values, many long pointers. */
const BYTES_PER_CHARACTER = 48;
const BYTES_PER_MERGE = 2 * 1024;

export type Documents = readonly (StoredDocument | undefined)[];

/**
 * Merges by everything they are made of: such an entry can be missing, never stale. Each is made over the merge of the
 * layers below its highest, which it shares with all accounts that inherit from the same; accounts that override nothing
 * share all of it.
 */
export class Merges {
  readonly #known: LRUCache<string, SeenConfig>;
  readonly #making = new Map<string, Promise<SeenConfig | undefined>>();
  readonly #recurrence: Recurrence;
  readonly #sizes = new WeakMap<JsonObject, number>();

  constructor(private readonly options: MergesOptions) {
    this.#known = new LRUCache({ maxSize: options.bytes });
    this.#recurrence = new Recurrence(options.bytes);
  }

  /**
   * @param remembered the documents, as far as they are at hand
   * @param load reads them; undefined when those of these versions are gone
   * @returns undefined when the documents are gone
   */
  of(
    schema: ConfigSchema,
    perspective: Perspective,
    versions: readonly (Version | undefined)[],
    remembered: () => Documents | undefined,
    load: () => Promise<Documents | undefined>,
  ): Promise<SeenConfig | undefined> | SeenConfig {
    const keys = keysOf(schema, perspective, versions);
    const [key] = keys;
    const known = this.#known.get(key);
    this.options.onLookup?.(known !== undefined);
    if (known !== undefined) return known;
    const documents = remembered();
    if (documents !== undefined) {
      return whenThereIsTime(
        () => this.#known.get(key) ?? this.#keep(keys, perspective, seenLayers(documents, perspective)),
      );
    }
    const making = this.#making.get(key) ?? this.#make(keys, perspective, load);
    this.#making.set(key, making);
    return making;
  }

  /** One that is not kept. */
  make(documents: Documents, perspective: Perspective): SeenConfig {
    const layers = seenLayers(documents, perspective);
    const all = [...layers.map((layer) => layer?.document), perspective.defaults];
    return { layers, merged: Merged.of(all) };
  }

  async #make(
    keys: Keys,
    perspective: Perspective,
    load: () => Promise<Documents | undefined>,
  ): Promise<SeenConfig | undefined> {
    const { shared, digest } = this.options;
    const [key] = keys;
    try {
      const name = shared && hash("sha256", `${digest} ${key}`, "base64url");
      const text = name && (await shared?.get(name));
      await breathe();
      const found = text ? parseLayers(text, keys.length) : undefined;
      if (found !== undefined) return this.#keep(keys, perspective, found);
      const documents = await load();
      if (documents === undefined) return undefined;
      await breathe();
      const layers = seenLayers(documents, perspective);
      if (name !== undefined) shared?.put(name, JSON.stringify(layers));
      return this.#keep(keys, perspective, layers);
    } finally {
      this.#making.delete(key);
    }
  }

  #keep(keys: Keys, perspective: Perspective, layers: SeenConfig["layers"]): SeenConfig {
    const [key, ...inherited] = keys;
    const below = this.#inherited(inherited, perspective, layers.slice(1));
    const config = { layers, merged: below.under(layers[0]?.document) };
    if (this.#recurrence.isAgain(key, this.#known)) this.#set(key, config, perspective);
    return config;
  }

  /** What others inherit as well: kept at once. */
  #inherited(keys: readonly string[], perspective: Perspective, layers: SeenConfig["layers"]): Merged {
    const [key, ...others] = keys;
    if (key === undefined) return Merged.of([perspective.defaults]);
    const known = this.#known.get(key);
    if (known !== undefined) return known.merged;
    const merged = this.#inherited(others, perspective, layers.slice(1)).under(layers[0]?.document);
    this.#set(key, { layers, merged }, perspective);
    return merged;
  }

  #set(key: string, config: SeenConfig, { defaults }: Perspective): void {
    const documents = [...config.layers.map((layer) => layer?.document), defaults];
    const characters = documents.reduce((sum, document) => sum + this.#charactersOf(document), 0);
    this.#known.set(key, config, { size: BYTES_PER_MERGE + BYTES_PER_CHARACTER * characters });
  }

  #charactersOf(document: JsonObject | undefined): number {
    if (document === undefined) return 0;
    const characters = this.#sizes.get(document) ?? JSON.stringify(document).length;
    this.#sizes.set(document, characters);
    return characters;
  }
}

/** The names of a merge, of the merge of what lies below its highest layer, and so on down to that of its lowest one. */
type Keys = readonly [string, ...string[]];

function keysOf(
  schema: ConfigSchema,
  perspective: Perspective,
  versions: readonly (Version | undefined)[],
): Keys {
  const view = `${schema.id} ${perspective === schema.forSystem ? "system" : "account"}`;
  let name = view;
  const names = versions.toReversed().map((version) => {
    name += ` ${versionText(version)}`;
    return name;
  });
  const [own = view, ...inherited] = names.reverse();
  return [own, ...inherited];
}

function seenLayers(documents: Documents, { visibility }: Perspective): SeenConfig["layers"] {
  return documents.map((stored) => {
    const document = stored?.override && visiblePart(stored.override, visibility);
    if (stored === undefined || document === undefined) return undefined;
    const { version, updatedAt, updatedBy } = stored;
    return { document, revision: version.revision, updatedAt, updatedBy };
  });
}

/** What cannot be read is as good as not there. */
function parseLayers(text: string, count: number): SeenConfig["layers"] | undefined {
  try {
    const layers: unknown = JSON.parse(text);
    if (!Array.isArray(layers) || layers.length !== count) return undefined;
    return layers.map((layer: SeenLayer | null) => layer ?? undefined);
  } catch {
    return undefined;
  }
}
