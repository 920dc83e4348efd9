import type { JsonObject } from "../../domain/json/json.js";
import { tokensOf } from "../../domain/json/pointer.js";
import type { Constraint } from "../../domain/merge/constraint.js";
import { isVisibleAt, visiblePart } from "../../domain/merge/visibility.js";
import type { Perspective } from "../../schema/config-schema.js";
import type { DocumentContent, StoredDocument } from "../../store/store.js";

/** The visible part of a document: a constraint or a pin at a place that is not visible does not exist. */
export interface VisibleContent {
  /** The overrides, in force or dormant; empty where only constraints are visible. */
  readonly document: JsonObject;
  /** Absent: none. */
  readonly constraints?: readonly Constraint[];
  readonly pins?: readonly string[];
}

/** The visible part of a stored document, and who wrote the document. */
export interface VisibleLayer extends VisibleContent {
  readonly revision: number;
  readonly updatedAt: string;
  readonly updatedBy: string;
}

/** Undefined when nothing is stored, or nothing of it is visible. */
export function visibleLayer(
  stored: StoredDocument | undefined,
  perspective: Perspective,
): VisibleLayer | undefined {
  const content = stored && visibleContent(stored, perspective);
  if (stored === undefined || content === undefined) return undefined;
  const { version, updatedAt, updatedBy } = stored;
  return { revision: version.revision, updatedAt, updatedBy, ...content };
}

/** Undefined when nothing is stored, or nothing of it is visible. */
export function visibleContent(
  { override, constraints, pins }: DocumentContent,
  { visibility }: Pick<Perspective, "visibility">,
): VisibleContent | undefined {
  if (override === undefined) return undefined;
  const isVisible = (pointer: string) => isVisibleAt(visibility, tokensOf(pointer));
  const document = visiblePart(override, visibility);
  const binding = constraints?.filter(({ pointer }) => isVisible(pointer)) ?? [];
  if (document === undefined && binding.length === 0) return undefined;
  const pinned = pins?.filter(isVisible) ?? [];
  return {
    document: document ?? {},
    ...(binding.length > 0 && { constraints: binding }),
    ...(pinned.length > 0 && { pins: pinned }),
  };
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
