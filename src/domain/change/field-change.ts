import { equals, type Json } from "../json/json.js";
import type { EffectiveConfig } from "../merge/effective-config.js";
import { type Field, FieldTree } from "../merge/field-tree.js";
import type { LayerKind } from "../merge/layer.js";
import { atOnce, type Pieces } from "../pieces.js";

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
  return atOnce(fieldChangesInPieces(before, after));
}

/** The same in pieces, so that others have their turn between them. */
export function* fieldChangesInPieces(
  before: EffectiveConfig,
  after: EffectiveConfig,
): Pieces<FieldChange[]> {
  const changes: FieldChange[] = [];
  const olds = before.merged.fields;
  yield;
  const nows = after.merged.fields;
  yield;
  const isSharedTheSame = haveSameKinds(before, after);
  const now = paired(nows, olds, isSharedTheSame);
  yield;
  for (let index = 0; index < now.fields.length; index++) {
    const change = changeOf(before, now.besides[index], after, now.fields[index]);
    if (change !== undefined) changes.push(change);
    if (index % PIECE === PIECE - 1) yield;
  }
  yield;
  const old = paired(olds, nows, isSharedTheSame);
  for (let index = 0; index < old.fields.length; index++) {
    if (old.besides[index] !== undefined) continue;
    changes.push(changeOf(before, old.fields[index], after, undefined) as FieldChange);
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

/** Fields in merge order, each with the field at the same pointer of another tree. */
interface Paired {
  readonly fields: Field[];
  readonly besides: (Field | undefined)[];
}

function paired(tree: FieldTree, other: FieldTree, isSharedLeftOut: boolean): Paired {
  const paired: Paired = { fields: [], besides: [] };
  addPairs(paired, tree, other, isSharedLeftOut);
  return paired;
}

/** @param isSharedLeftOut whether objects that are part of both trees are passed over */
function addPairs(
  paired: Paired,
  tree: FieldTree,
  other: FieldTree | undefined,
  isSharedLeftOut: boolean,
): void {
  if (isSharedLeftOut && tree === other) return;
  for (const [name, member] of tree.members) {
    const beside = other?.members.get(name);
    const besideTree = beside instanceof FieldTree ? beside : undefined;
    if (member instanceof FieldTree) addPairs(paired, member, besideTree, isSharedLeftOut);
    else {
      paired.fields.push(member);
      paired.besides.push(besideTree === undefined ? (beside as Field | undefined) : undefined);
    }
  }
}
