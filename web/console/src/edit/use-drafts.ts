import { useCallback, useEffect, useMemo, useState } from "react";
import { messageOf } from "../api/api-error.js";
import { type ConfigView, readField } from "../config/config-source.js";
import { type Place, placeKey } from "../config/place.js";
import type { Row } from "../config/row.js";
import type { JsonObject } from "../json.js";
import { useSession } from "../session/session.js";
import { useStore } from "../store.js";
import {
  allDrafts,
  type Collision,
  collisionsOf,
  type Drafts,
  isTouched,
  keepMine,
  NO_DRAFTS,
  refreshed,
  startedDraft,
  updateDrafts,
  type Write,
  writeOf,
} from "./drafts.js";
import { inputKind } from "./input-kind.js";

export interface Editing {
  readonly drafts: Drafts;
  /** Of fields that somebody else changed meanwhile. */
  readonly collisions: readonly Collision[];
  readonly touched: number;
  /** What would be written; undefined: nothing, or an input holds no value. */
  readonly write: Write | undefined;
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

/** The edits of one place. */
export function useDrafts(place: Place, view: ConfigView | undefined): Editing {
  const { api } = useSession();
  const { accountId, configId } = place;
  const drafts = useStore(allDrafts).get(placeKey(place)) ?? NO_DRAFTS;
  const [error, setError] = useState<string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a place is its two ids
  const change = useCallback(
    (edit: Parameters<typeof updateDrafts>[1]) => updateDrafts(place, edit),
    [accountId, configId],
  );

  useEffect(() => {
    if (view === undefined) return;
    const next = refreshed(drafts, view);
    if (next === drafts) return;
    change((map) => {
      for (const [pointer, draft] of next) map.set(pointer, draft);
    });
  }, [view, drafts, change]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a place is its two ids
  const actions = useMemo(
    () => ({
      edit({ pointer, field }: Row) {
        const start = (schema: JsonObject | null) => {
          const kind = inputKind(schema, field?.value);
          change((map) =>
            map.set(pointer, startedDraft(pointer, field?.value, kind, schema, { isNew: !field })),
          );
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
      setText(pointer: string, text: string) {
        change((map) => {
          const draft = map.get(pointer);
          if (draft?.kind === "set") map.set(pointer, { ...draft, text });
        });
      },
      setPinned(pointer: string, isPinned: boolean) {
        change((map) => {
          const draft = map.get(pointer);
          if (draft?.kind === "set") map.set(pointer, { ...draft, isPinned });
        });
      },
      resolve(collision: Collision, choice: "mine" | "theirs") {
        if (choice === "mine") change((map) => keepMine(map, collision));
        else change((map) => map.delete(collision.pointer));
      },
      clear: () => change((map) => map.clear()),
    }),
    [api, change],
  );
  const collisions = useMemo(() => (view === undefined ? [] : collisionsOf(drafts, view)), [drafts, view]);
  const write = useMemo(() => writeOf(drafts), [drafts]);
  const touched = [...drafts.values()].filter(isTouched).length;
  return { drafts, collisions, touched, write, error, ...actions };
}

/** Asks before the tab goes with edits that are not written. */
export function useLeaveWarning(): void {
  const all = useStore(allDrafts);
  const hasEdits = [...all.values()].some((drafts) => [...drafts.values()].some(isTouched));
  useEffect(() => {
    if (!hasEdits) return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [hasEdits]);
}
