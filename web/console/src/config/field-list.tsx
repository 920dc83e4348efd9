import { type RefObject, useEffect, useMemo, useRef } from "react";
import type { Editing } from "../edit/use-drafts.js";
import type { ConfigView } from "./config-source.js";
import { FieldRow, type RowActions } from "./field-row.js";
import type { Place } from "./place.js";
import type { Problem, Row } from "./row.js";
import { useVirtualRows, type VirtualRows } from "./virtual-rows.js";

interface FieldListProps {
  readonly rows: readonly Row[];
  readonly place: Place;
  readonly view: ConfigView;
  readonly asOf: string | null;
  readonly open: string | null;
  readonly flashing: ReadonlySet<string>;
  readonly canEdit: boolean;
  readonly editing: Editing;
  readonly refused: ReadonlyMap<string, readonly Problem[]>;
  readonly actions: Omit<RowActions, "move">;
}

const NO_PROBLEMS: readonly Problem[] = [];
/** About the height of a closed row. */
const ROW_HEIGHT = 45;

export function FieldList(props: FieldListProps) {
  const { rows, open, flashing, editing, refused, actions } = props;
  const list = useRef<HTMLUListElement>(null);
  const keys = useMemo(() => rows.map(({ pointer }) => pointer), [rows]);
  const virtual = useVirtualRows(keys, ROW_HEIGHT, list);
  const { move, focus } = useRowFocus(keys, list, virtual);
  const rowActions = useMemo(
    () => ({
      ...actions,
      move,
      cancel(pointer: string) {
        // The input goes, and its focus with it.
        focus(pointer);
        actions.cancel(pointer);
      },
    }),
    [actions, move, focus],
  );
  useOpenedInSight(keys, open, virtual);
  const collisions = new Map(editing.collisions.map((collision) => [collision.pointer, collision]));
  return (
    <ul ref={list} className="rows" aria-label="Fields">
      {virtual.before > 0 && <li aria-hidden="true" style={{ height: virtual.before }} />}
      {rows.slice(virtual.first, virtual.end).map((row) => (
        <FieldRow
          key={row.pointer}
          row={row}
          place={props.place}
          view={props.view}
          asOf={props.asOf}
          isOpen={open === row.pointer}
          isFlashing={flashing.has(row.pointer)}
          canEdit={props.canEdit}
          draft={editing.drafts.get(row.pointer)}
          collision={collisions.get(row.pointer)}
          refused={refused.get(row.pointer) ?? NO_PROBLEMS}
          actions={rowActions}
          measure={virtual.measure}
        />
      ))}
      {virtual.after > 0 && <li aria-hidden="true" style={{ height: virtual.after }} />}
    </ul>
  );
}

/** Arrow keys go from row to row, also to those that are not on the page yet. */
function useRowFocus(
  keys: readonly string[],
  list: RefObject<HTMLElement | null>,
  { scrollTo }: VirtualRows,
) {
  const latest = useRef(keys);
  latest.current = keys;
  return useMemo(() => {
    const focus = (pointer: string): boolean => {
      const row = list.current?.querySelector(`[data-pointer="${CSS.escape(pointer)}"] .row-name`);
      if (row instanceof HTMLElement) row.focus();
      return row !== null && row !== undefined;
    };
    const move = (pointer: string, by: number): void => {
      const index = latest.current.indexOf(pointer) + by;
      const next = latest.current[index];
      if (next === undefined || focus(next)) return;
      scrollTo(index);
      requestAnimationFrame(() => requestAnimationFrame(() => focus(next)));
    };
    return { focus, move };
  }, [list, scrollTo]);
}

/** A link to a field leads to it: its row is scrolled to once it is there. */
function useOpenedInSight(keys: readonly string[], open: string | null, { scrollTo }: VirtualRows): void {
  const isDone = useRef(false);
  useEffect(() => {
    if (isDone.current || keys.length === 0) return;
    isDone.current = true;
    const index = open === null ? -1 : keys.indexOf(open);
    if (index > 8) scrollTo(index);
  }, [keys, open, scrollTo]);
}
