import { equals, type Json } from "../json/json.js";
import type { EffectiveConfig } from "../merge/effective-config.js";
import { type Field, FieldTree } from "../merge/field-tree.js";
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
  const olds = before.merged.fields;
  yield;
  const nows = after.merged.fields;
  yield;
  const isSharedTheSame = haveSameKinds(before, after);
  let compared = 0;
  for (const [now, old] of fieldsBeside(nows, olds, isSharedTheSame)) {
    const change = changeOf(before, old, after, now);
    if (change !== undefined) changes.push(change);
    if (++compared % PIECE === 0) yield;
  }
  yield;
  for (const [old, now] of fieldsBeside(olds, nows, isSharedTheSame)) {
    const change = now === undefined ? changeOf(before, old, after, undefined) : undefined;
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

/** Undefined: nothing is another. */
function changeOf(
  before: EffectiveConfig,
  old: Field | undefined,
  after: EffectiveConfig,
  now: Field | undefined,
): FieldChange | undefined {
  const sourceBefore = old && before.sourceOf(old).kind;
  const sourceAfter = now && after.sourceOf(now).kind;
  if (sourceBefore === sourceAfter && equals(old?.value, now?.value)) return undefined;
  const { pointer } = (now ?? old) as Field;
  return { pointer, before: old?.value, after: now?.value, sourceBefore, sourceAfter };
}

/** Whether what two configs share, as the merge of the same lower layers, comes from the same layers in both. */
function haveSameKinds(before: EffectiveConfig, after: EffectiveConfig): boolean {
  const count = Math.min(before.layers.length, after.layers.length);
  for (let below = 1; below <= count; below++)
    if (before.layers.at(-below)?.kind !== after.layers.at(-below)?.kind) return false;
  return true;
}

interface Level {
  readonly members: Iterator<[string, Field | FieldTree]>;
  readonly beside: FieldTree | undefined;
}

/**
 * Every field of a tree, in merge order, with the field at the same pointer of another tree.
 * @param isSharedLeftOut whether objects that are part of both trees are passed over
 */
function* fieldsBeside(
  tree: FieldTree,
  other: FieldTree,
  isSharedLeftOut: boolean,
): Generator<readonly [Field, Field | undefined]> {
  if (isSharedLeftOut && tree === other) return;
  const levels: Level[] = [{ members: tree.members.entries(), beside: other }];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const next = level.members.next();
    if (next.done === true) {
      levels.pop();
      continue;
    }
    const [name, member] = next.value;
    const beside = level.beside?.members.get(name);
    const besideTree = beside instanceof FieldTree ? beside : undefined;
    if (!(member instanceof FieldTree))
      yield [member, besideTree === undefined ? (beside as Field) : undefined];
    else if (!isSharedLeftOut || member !== beside)
      levels.push({ members: member.members.entries(), beside: besideTree });
  }
}
