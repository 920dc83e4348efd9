import type { ConstraintInput } from "../api/operations.generated.js";
import type { ConfigView } from "../config/config-source.js";
import { equalJson, type JsonObject } from "../json.js";
import { objectOf } from "../pointer.js";
import type { Collision } from "./edits.js";
import { type InputKind, inputText, parseInput } from "./input-kind.js";

/** A value as somebody saw it; undefined where nothing was. */
export interface Seen {
  readonly value: unknown;
}

/** What somebody is about to do to a field. Nothing of it is written yet. */
export type Draft = {
  readonly pointer: string;
  /** What was in force when the edit began: what the edit was decided on. */
  readonly base: Seen;
} & (
  | { readonly kind: "reset" }
  | {
      readonly kind: "set";
      readonly input: InputKind;
      readonly schema: JsonObject | null;
      readonly text: string;
      /** As the input was at first: it counts as an edit once it is another. */
      readonly firstText: string;
      /** The value is to be kept whatever is inherited, also where both are equal. */
      readonly isPinned: boolean;
    }
);

export type Drafts = ReadonlyMap<string, Draft>;

/** An edit of a field that starts with what is in force. */
export function startedDraft(
  pointer: string,
  value: unknown,
  input: InputKind,
  schema: JsonObject | null,
  { isNew = false } = {},
): Draft {
  const text = inputText(input, value);
  // A switch or a list that is to be set for the first time is an edit as it stands.
  const firstText = isNew ? `${text} ` : text;
  return {
    pointer,
    base: { value: isNew ? undefined : value },
    kind: "set",
    input,
    schema,
    text,
    firstText,
    isPinned: false,
  };
}

export function isTouched(draft: Draft): boolean {
  return draft.kind === "reset" || draft.text !== draft.firstText || draft.isPinned;
}

export function draftValue(draft: Draft): { readonly value: unknown } | { readonly problem: string } {
  return draft.kind === "reset" ? { value: undefined } : parseInput(draft.input, draft.text, draft.schema);
}

/** What is written for a place. */
export type Write =
  | { readonly kind: "patch"; readonly patch: JsonObject; readonly pin: readonly string[] }
  | { readonly kind: "reset"; readonly pointers: readonly string[] }
  | { readonly kind: "restore"; readonly revision: number }
  | {
      readonly kind: "constrain";
      readonly set: readonly ConstraintInput[];
      readonly remove: readonly string[];
    };

/** @returns undefined when there is nothing to write, or something cannot be written as it is */
export function writeOf(drafts: Drafts): Write | undefined {
  const touched = [...drafts.values()].filter(isTouched);
  if (touched.length === 0) return undefined;
  // A reset is never refused because of a schema; a patch that drops may be.
  if (touched.every(({ kind }) => kind === "reset"))
    return { kind: "reset", pointers: touched.map(({ pointer }) => pointer) };
  const entries: [string, unknown][] = [];
  for (const draft of touched) {
    const parsed = draftValue(draft);
    if ("problem" in parsed) return undefined;
    entries.push([draft.pointer, draft.kind === "reset" ? null : parsed.value]);
  }
  const pin = touched.filter((draft) => draft.kind === "set" && draft.isPinned).map(({ pointer }) => pointer);
  return { kind: "patch", patch: objectOf(entries), pin };
}

/** What the config on the screen shows of collisions, field by field. The server has the last word, in the review. */
export function collisionsOf(drafts: Drafts, { fields }: Pick<ConfigView, "fields">): Collision[] {
  if (drafts.size === 0) return [];
  const byPointer = new Map(fields.map((field) => [field.pointer, field]));
  const collisions: Collision[] = [];
  for (const draft of drafts.values()) {
    const field = byPointer.get(draft.pointer);
    const theirs = field?.value;
    if (!isTouched(draft) || equalJson(theirs, draft.base.value)) continue;
    const parsed = draftValue(draft);
    const mine = "problem" in parsed ? undefined : parsed.value;
    if (draft.kind === "set" && equalJson(mine, theirs)) continue;
    collisions.push({
      pointer: draft.pointer,
      before: draft.base.value,
      mine,
      theirs,
      theirsSource: field?.source.kind,
      by: field?.lastChange,
    });
  }
  return collisions;
}

/** Untouched edits show what is in force now. @returns the same edits where none is stale */
export function refreshed(drafts: Drafts, { fields }: Pick<ConfigView, "fields">): Drafts {
  const untouched = [...drafts.values()].filter((draft) => draft.kind === "set" && !isTouched(draft));
  if (untouched.length === 0) return drafts;
  const values = new Map(fields.map(({ pointer, value }) => [pointer, value]));
  const stale = untouched.filter(({ pointer, base }) => !equalJson(values.get(pointer), base.value));
  if (stale.length === 0) return drafts;
  const next = new Map(drafts);
  for (const draft of stale) {
    if (draft.kind !== "set") continue;
    const { pointer, input, schema } = draft;
    next.set(pointer, startedDraft(pointer, values.get(pointer), input, schema));
  }
  return next;
}
