import type { LayerKind } from "../api/operations.generated.js";
import { type Place, placeKey } from "../config/place.js";
import { equalJson } from "../json.js";
import { isUnder } from "../pointer.js";
import { createStore } from "../store.js";
import type { Draft, Drafts } from "./drafts.js";
import type { Conflict } from "./write-config.js";

/** The edits of one place that are not written, and what they were decided on. */
export interface Edits {
  readonly drafts: Drafts;
  /** The cursor of the config that they were decided on: the server tells what collides with what others wrote since. */
  readonly base: string;
  /** What others have put in place since, and is to be overwritten all the same. */
  readonly agreed: readonly Pick<Collision, "pointer" | "theirs">[];
  /** The server can no longer tell what was there when they began: what the screen knows has to do. */
  readonly isRenewed: boolean;
}

/** An edit of a field that somebody else has changed since it began. Undefined: nothing is there. */
export interface Collision {
  readonly pointer: string;
  readonly before: unknown;
  readonly mine: unknown;
  readonly theirs: unknown;
  readonly theirsSource: LayerKind | undefined;
  readonly by: { readonly actor: string; readonly at: string } | null | undefined;
}

export const NO_EDITS: Edits = { drafts: new Map(), base: "", agreed: [], isRenewed: false };

/** Of every place. They outlive the screen, not the tab. */
export const allEdits = createStore<ReadonlyMap<string, Edits>>(new Map());

export function updateEdits(place: Place, change: (edits: Edits) => Edits): void {
  allEdits.update((all) => {
    const key = placeKey(place);
    const before = all.get(key) ?? NO_EDITS;
    const edits = change(before);
    if (edits === before) return all;
    const next = new Map(all);
    if (edits.drafts.size === 0) next.delete(key);
    else next.set(key, edits);
    return next;
  });
}

/** @param cursor of the config on the screen: the first edits are decided on that */
export function withDrafts(
  edits: Edits,
  cursor: string,
  change: (drafts: Map<string, Draft>) => void,
): Edits {
  const drafts = new Map(edits.drafts);
  change(drafts);
  return { ...edits, drafts, base: edits.drafts.size === 0 ? cursor : edits.base };
}

/** Decides on a newer state: whatever was written before it is known. */
export function movedTo(edits: Edits, cursor: string): Edits {
  return { ...edits, base: cursor, agreed: [] };
}

/** Of what the server says collides, what nobody has decided yet. */
export function undecided(edits: Edits, conflicts: readonly Conflict[]): Collision[] {
  return conflicts
    .map(({ pointer, base, mine, theirs, theirsSource, by }) => ({
      pointer,
      before: base ?? undefined,
      mine: mine ?? undefined,
      theirs: theirs ?? undefined,
      theirsSource: theirsSource ?? undefined,
      by,
    }))
    .filter((collision) => !isDecided(edits, collision));
}

/** Whoever began an edit, or kept it, in sight of their value has decided. */
function isDecided({ drafts, agreed }: Edits, { pointer, theirs }: Collision): boolean {
  const draft = drafts.get(pointer);
  if (draft !== undefined && equalJson(draft.base.value, theirs)) return true;
  return agreed.some((one) => one.pointer === pointer && equalJson(one.theirs, theirs));
}

/** Keeps my value, in sight of theirs, or takes theirs. */
export function resolved(edits: Edits, { pointer, theirs }: Collision, choice: "mine" | "theirs"): Edits {
  const drafts = new Map(edits.drafts);
  if (choice === "theirs") {
    for (const at of edits.drafts.keys()) if (isUnder(at, pointer) || isUnder(pointer, at)) drafts.delete(at);
    return { ...edits, drafts };
  }
  const draft = drafts.get(pointer);
  if (draft !== undefined) drafts.set(pointer, { ...draft, base: { value: theirs } });
  return { ...edits, drafts, agreed: [...edits.agreed, { pointer, theirs }] };
}
