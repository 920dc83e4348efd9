import { equals, type Json } from "../json/json.js";
import type { EffectiveConfig } from "../merge/effective-config.js";
import type { Field } from "../merge/field-tree.js";
import type { LayerKind } from "../merge/layer.js";

/** How one field differs between two states of a config; undefined means absent. */
export interface FieldChange {
  readonly pointer: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
  readonly sourceBefore: LayerKind | undefined;
  readonly sourceAfter: LayerKind | undefined;
}

/** Fields that are compared in one piece. */
const PIECE = 2_000;

/** Every field whose value or source differs: those there now in merge order, then those that went. */
export function fieldChanges(before: EffectiveConfig, after: EffectiveConfig): FieldChange[] {
  const work = fieldChangesInPieces(before, after);
  let piece = work.next();
  while (piece.done !== true) piece = work.next();
  return piece.value;
}

/** The same in pieces, so that others have their turn between them. */
export function* fieldChangesInPieces(
  before: EffectiveConfig,
  after: EffectiveConfig,
): Generator<void, FieldChange[]> {
  const changes: FieldChange[] = [];
  const olds = byPointer(before);
  yield;
  const nows = byPointer(after);
  yield;
  let compared = 0;
  const compare = (pointer: string): void => {
    const [old, now] = [olds.get(pointer), nows.get(pointer)];
    const sourceBefore = old && before.sourceOf(old).kind;
    const sourceAfter = now && after.sourceOf(now).kind;
    if (sourceBefore === sourceAfter && equals(old?.value, now?.value)) return;
    changes.push({ pointer, before: old?.value, after: now?.value, sourceBefore, sourceAfter });
  };
  for (const pointer of nows.keys()) {
    compare(pointer);
    if (++compared % PIECE === 0) yield;
  }
  yield;
  for (const pointer of olds.keys()) if (!nows.has(pointer)) compare(pointer);
  return changes;
}

function byPointer({ fields }: EffectiveConfig): Map<string, Field> {
  return new Map(fields.map((field) => [field.pointer, field]));
}
