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
export interface SeenLayer {
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
 * Merges by everything they are made of: such an entry can be missing, never stale. Accounts that override nothing have
 * the versions of their reseller and the system alone, and share what was merged of them.
 */
export class Merges {
  readonly #known: LRUCache<string, SeenConfig>;
  readonly #making = new Map<string, Promise<SeenConfig | undefined>>();
  readonly #recurrence: Recurrence;
  readonly #defaultsSize = new WeakMap<JsonObject, number>();

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
    // How many layers there are also tells an account's view from the system's.
    const key = [schema.id, ...versions.map(versionText)].join(" ");
    const known = this.#known.get(key);
    this.options.onLookup?.(known !== undefined);
    if (known !== undefined) return known;
    const documents = remembered();
    if (documents !== undefined) {
      return whenThereIsTime(
        () => this.#known.get(key) ?? this.#keep(key, perspective, seenLayers(documents, perspective)),
      );
    }
    const making = this.#making.get(key) ?? this.#make(key, perspective, versions.length, load);
    this.#making.set(key, making);
    return making;
  }

  /** One that is not kept. */
  make(documents: Documents, perspective: Perspective): SeenConfig {
    return seenConfig(seenLayers(documents, perspective), perspective);
  }

  async #make(
    key: string,
    perspective: Perspective,
    count: number,
    load: () => Promise<Documents | undefined>,
  ): Promise<SeenConfig | undefined> {
    const { shared, digest } = this.options;
    try {
      const name = shared && hash("sha256", `${digest} ${key}`, "base64url");
      const text = name && (await shared?.get(name));
      await breathe();
      const found = text ? parseLayers(text, count) : undefined;
      if (found !== undefined) return this.#keep(key, perspective, found);
      const documents = await load();
      if (documents === undefined) return undefined;
      await breathe();
      const layers = seenLayers(documents, perspective);
      if (name !== undefined) shared?.put(name, JSON.stringify(layers));
      return this.#keep(key, perspective, layers);
    } finally {
      this.#making.delete(key);
    }
  }

  #keep(key: string, perspective: Perspective, layers: SeenConfig["layers"]): SeenConfig {
    const config = seenConfig(layers, perspective);
    if (this.#recurrence.isAgain(key, this.#known))
      this.#known.set(key, config, { size: this.#sizeOf(layers, perspective) });
    return config;
  }

  #sizeOf(layers: SeenConfig["layers"], { defaults }: Perspective): number {
    let characters = 0;
    for (const layer of layers) if (layer !== undefined) characters += JSON.stringify(layer.document).length;
    if (defaults !== undefined) {
      const size = this.#defaultsSize.get(defaults) ?? JSON.stringify(defaults).length;
      this.#defaultsSize.set(defaults, size);
      characters += size;
    }
    return BYTES_PER_MERGE + BYTES_PER_CHARACTER * characters;
  }
}

function seenConfig(layers: SeenConfig["layers"], { defaults }: Perspective): SeenConfig {
  return { layers, merged: new Merged([...layers.map((layer) => layer?.document), defaults]) };
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
