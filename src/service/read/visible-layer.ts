import type { JsonObject } from "../../domain/json.js";
import { visiblePart } from "../../domain/visibility.js";
import type { Perspective } from "../../schema/config-schema.js";
import type { StoredDocument } from "../../store/store.js";

/** The visible part of a stored document, and who wrote the document. */
export interface VisibleLayer {
  readonly document: JsonObject;
  readonly revision: number;
  readonly updatedAt: string;
  readonly updatedBy: string;
}

/** Undefined when nothing is stored, or nothing of it is visible. */
export function visibleLayer(
  stored: StoredDocument | undefined,
  { visibility }: Perspective,
): VisibleLayer | undefined {
  const document = stored?.override && visiblePart(stored.override, visibility);
  if (stored === undefined || document === undefined) return undefined;
  const { version, updatedAt, updatedBy } = stored;
  return { document, revision: version.revision, updatedAt, updatedBy };
}

/** Layers from a shared cache. Undefined when the text is not readable: then it counts as not cached. */
export function parseVisibleLayers(text: string, count: number): (VisibleLayer | undefined)[] | undefined {
  try {
    const layers: unknown = JSON.parse(text);
    if (!Array.isArray(layers) || layers.length !== count) return undefined;
    return layers.map((layer: VisibleLayer | null) => layer ?? undefined);
  } catch {
    return undefined;
  }
}
