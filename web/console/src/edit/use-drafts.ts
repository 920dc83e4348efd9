import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { messageOf } from "../api/api-error.js";
import { type ConfigView, readConfig, readField } from "../config/config-source.js";
import { type Place, placeKey } from "../config/place.js";
import type { Row } from "../config/row.js";
import type { JsonObject } from "../json.js";
import { useSession } from "../session/session.js";
import { useStore } from "../store.js";
import {
  collisionsOf,
  type Draft,
  type Drafts,
  isTouched,
  refreshed,
  startedDraft,
  type Write,
  writeOf,
} from "./drafts.js";
import {
  allEdits,
  type Collision,
  movedTo,
  NO_EDITS,
  resolved,
  undecided,
  updateEdits,
  withDrafts,
} from "./edits.js";
import { inputKind } from "./input-kind.js";
import type { Outcome } from "./write-config.js";

export interface Editing {
  readonly drafts: Drafts;
  /** Of fields that somebody else changed meanwhile, as far as the screen shows it. */
  readonly collisions: readonly Collision[];
  readonly touched: number;
  /** What would be written; undefined: nothing, or an input holds no value. */
  readonly write: Write | undefined;
  readonly basis: Basis;
  readonly error: string | null;
  edit(row: Row): void;
  add(pointer: string, schema: JsonObject | null): void;
  reset(row: Row): void;
  cancel(pointer: string): void;
  setText(pointer: string, text: string): void;
  setPinned(pointer: string, isPinned: boolean): void;
  resolve(collision: Collision, choice: "mine" | "theirs"): void;
  clear(): void;
}

/** What edits were decided on, and what others have done to it since. */
export interface Basis {
  readonly cursor: string;
  /** Of an attempt to write, what somebody has to decide first. */
  undecided(outcome: Outcome | null): readonly Collision[];
  resolve(collision: Collision, choice: "mine" | "theirs"): void;
  /** Everything that others wrote before the cursor is known. */
  moveTo(cursor: string): void;
  /** Decides on what is there now, where what was there can no longer be told. */
  renew(): Promise<void>;
}

/** The edits of one place. @param replace shows a newer state of the config */
export function useDrafts(place: Place, view: ConfigView, replace: (view: ConfigView) => void): Editing {
  const { api } = useSession();
  const { accountId, configId } = place;
  const edits = useStore(allEdits).get(placeKey(place)) ?? NO_EDITS;
  const { drafts } = edits;
  const [error, setError] = useState<string | null>(null);
  const latest = useRef(view.cursor);
  latest.current = view.cursor;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a place is its two ids
  const update = useCallback(
    (change: Parameters<typeof updateEdits>[1]) => updateEdits(place, change),
    [accountId, configId],
  );
  const actions = useEditActions(place, update, latest, setError);
  useFreshInputs(drafts, view, update);
  const collisions = useMemo(() => collisionsOf(drafts, view), [drafts, view]);
  const write = useMemo(() => writeOf(drafts), [drafts]);
  const touched = [...drafts.values()].filter(isTouched).length;
  const basis: Basis = {
    cursor: edits.base,
    undecided(outcome) {
      if (outcome?.__typename === "ConfigConflict") return undecided(edits, outcome.conflicts);
      return edits.isRenewed ? collisions : [];
    },
    resolve: actions.resolve,
    moveTo: (cursor) => update((before) => movedTo(before, cursor)),
    async renew() {
      const now = await readConfig(api, place, null);
      replace(now);
      update((before) => ({ ...movedTo(before, now.cursor), isRenewed: true }));
    },
  };
  return { drafts, collisions, touched, write, basis, error, ...actions };
}

type Update = (change: Parameters<typeof updateEdits>[1]) => void;

function useEditActions(
  place: Place,
  update: Update,
  cursor: { readonly current: string },
  setError: (error: string | null) => void,
) {
  const { api } = useSession();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the update stands for the place
  return useMemo(() => {
    const change = (edit: (drafts: Map<string, Draft>) => void) =>
      update((before) => withDrafts(before, cursor.current, edit));
    const changeInput = (pointer: string, input: { text: string } | { isPinned: boolean }) =>
      change((map) => {
        const draft = map.get(pointer);
        if (draft?.kind === "set") map.set(pointer, { ...draft, ...input });
      });
    return {
      edit({ pointer, field }: Row) {
        // The edit is decided on what is shown now, also when its schema comes a moment later.
        const seen = cursor.current;
        const start = (schema: JsonObject | null) => {
          const kind = inputKind(schema, field?.value);
          const draft = startedDraft(pointer, field?.value, kind, schema, { isNew: !field });
          update((before) => withDrafts(before, seen, (map) => map.set(pointer, draft)));
        };
        setError(null);
        readField(api, place, pointer, null).then(
          (detail) => start(detail?.schema ?? null),
          (reason: unknown) => setError(messageOf(reason)),
        );
      },
      add(pointer: string, schema: JsonObject | null) {
        const kind = inputKind(schema, undefined);
        change((map) => map.set(pointer, startedDraft(pointer, undefined, kind, schema, { isNew: true })));
      },
      reset({ pointer, field }: Row) {
        change((map) => map.set(pointer, { pointer, base: { value: field?.value }, kind: "reset" }));
      },
      cancel: (pointer: string) => change((map) => map.delete(pointer)),
      setText: (pointer: string, text: string) => changeInput(pointer, { text }),
      setPinned: (pointer: string, isPinned: boolean) => changeInput(pointer, { isPinned }),
      resolve: (collision: Collision, choice: "mine" | "theirs") =>
        update((before) => resolved(before, collision, choice)),
      clear: () => change((map) => map.clear()),
    };
  }, [api, update]);
}

/** An input that nobody has touched shows what is in force now. */
function useFreshInputs(drafts: Drafts, view: ConfigView, update: Update): void {
  useEffect(() => {
    const next = refreshed(drafts, view);
    const isIdle = ![...drafts.values()].some(isTouched);
    if (drafts.size === 0 || (next === drafts && !isIdle)) return;
    update((before) => {
      // Another edit has come between.
      if (before.drafts !== drafts) return before;
      if (next === drafts && before.base === view.cursor) return before;
      return { ...before, drafts: next, base: isIdle ? view.cursor : before.base };
    });
  }, [view, drafts, update]);
}

/** Asks before the tab goes with edits that are not written. */
export function useLeaveWarning(): void {
  const all = useStore(allEdits);
  const hasEdits = [...all.values()].some(({ drafts }) => [...drafts.values()].some(isTouched));
  useEffect(() => {
    if (!hasEdits) return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [hasEdits]);
}
