import { type KeyboardEvent, memo } from "react";
import { TheirsBesideMine } from "../edit/collisions.js";
import { type Draft, isTouched } from "../edit/drafts.js";
import type { Collision } from "../edit/edits.js";
import { FieldInput } from "../edit/field-input.js";
import { jsonText } from "../json.js";
import { Time } from "../ui/time.js";
import { Value } from "../ui/value.js";
import type { ConfigView } from "./config-source.js";
import { Ladder } from "./ladder.js";
import { LAYER_NAMES, layerTitle } from "./layer-name.js";
import type { Place } from "./place.js";
import { ProblemList } from "./problem-list.js";
import { type Problem, type Row, WHOLE_CONFIG } from "./row.js";
import { RowMarks } from "./row-marks.js";
import { SourceChip } from "./source-chip.js";

export interface RowActions {
  toggle(pointer: string): void;
  edit(row: Row): void;
  reset(row: Row): void;
  cancel(pointer: string): void;
  setText(pointer: string, text: string): void;
  setPinned(pointer: string, isPinned: boolean): void;
  review(): void;
  resolve(collision: Collision, choice: "mine" | "theirs"): void;
  history(pointer: string): void;
  /** Undefined where nobody is bound by this place's document, or one may not write it. */
  readonly constrain: ((pointer: string) => void) | undefined;
  /** To the row so many rows further on. */
  move(pointer: string, by: number): void;
}

interface FieldRowProps {
  readonly row: Row;
  readonly place: Place;
  readonly view: ConfigView;
  readonly asOf: string | null;
  readonly isOpen: boolean;
  readonly isFlashing: boolean;
  readonly canEdit: boolean;
  readonly draft: Draft | undefined;
  readonly collision: Collision | undefined;
  /** What a write was refused for, here. */
  readonly refused: readonly Problem[];
  readonly actions: RowActions;
  readonly measure: (key: string, element: Element | null) => void;
}

export const FieldRow = memo(function FieldRow(props: FieldRowProps) {
  const { row, place, view, asOf, isOpen, isFlashing, canEdit, draft, collision, refused, actions, measure } =
    props;
  const { pointer, field, problems } = row;
  const isEdited = draft !== undefined && isTouched(draft);
  return (
    <li
      className="row"
      data-pointer={pointer}
      data-open={isOpen || undefined}
      data-flash={isFlashing || undefined}
      data-pinned={field?.pinned || undefined}
      data-edited={isEdited || undefined}
      ref={(element) => measure(pointer, element)}
    >
      <div className="row-line">
        <RowName {...props} />
        <div className="row-value">
          <RowValue {...props} />
        </div>
        <div className="row-source">
          {field && (
            <SourceChip kind={field.source.kind} title={sourceTitle(view, field.source.kind)} isSource />
          )}
        </div>
        <div className="row-change">{field?.lastChange && <LastChange change={field.lastChange} />}</div>
        <RowButtons {...props} />
      </div>
      <RowMarks
        row={row}
        onUnpin={canEdit && draft === undefined && hasOwn(row) ? () => actions.reset(row) : undefined}
        unpinned={comingText(row)}
      />
      <ProblemList problems={refused.length > 0 ? refused : problems} />
      {collision && <TheirsBesideMine collision={collision} onResolve={actions.resolve} />}
      {isOpen && <Ladder place={place} view={view} pointer={pointer} asOf={asOf} />}
    </li>
  );
});

function sourceTitle(view: ConfigView, kind: string): string | undefined {
  const layer = view.layers.find((candidate) => candidate.kind === kind);
  return layer && layerTitle(layer);
}

function RowName({ row, isOpen, canEdit, actions }: FieldRowProps) {
  const { pointer, field } = row;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowDown") actions.move(pointer, 1);
    else if (event.key === "ArrowUp") actions.move(pointer, -1);
    else if (event.key === "e" && canEdit && !isLocked(row)) actions.edit(row);
    else if (event.key === "r" && canEdit && hasOwn(row)) actions.reset(row);
    else if (event.key === "h") actions.history(pointer);
    else return;
    event.preventDefault();
  };
  return (
    <button
      type="button"
      className="row-name"
      aria-expanded={isOpen}
      onClick={() => actions.toggle(pointer)}
      onKeyDown={onKeyDown}
    >
      {field?.title && <bdi className="row-title">{field.title}</bdi>}
      <code className="row-pointer">{pointer === "" ? WHOLE_CONFIG : pointer}</code>
    </button>
  );
}

function RowValue({ row, draft, actions }: FieldRowProps) {
  const { pointer, field, inherited } = row;
  if (draft?.kind === "set")
    return (
      <FieldInput
        draft={draft}
        label={`${field?.title ?? pointer}: new value`}
        inherited={inheritedValue(row)}
        onPinned={(isPinned) => actions.setPinned(pointer, isPinned)}
        onText={(text) => actions.setText(pointer, text)}
        onReview={actions.review}
        onCancel={() => actions.cancel(pointer)}
      />
    );
  if (draft?.kind === "reset" && row.dormant !== undefined && inherited === undefined)
    return (
      <span className="coming">
        <Value value={field?.value} />
        <span className="hint">stays; what is not in force goes</span>
      </span>
    );
  if (draft?.kind === "reset")
    return (
      <span className="coming">
        <del>
          <Value value={field?.value} />
        </del>
        <span aria-hidden="true"> → </span>
        {inherited ? (
          <>
            <Value value={inherited.value} /> <SourceChip kind={inherited.source} />
          </>
        ) : (
          <span className="none">nothing here</span>
        )}
      </span>
    );
  return <Value value={field?.value} />;
}

/** What is in force without the own override, as far as it is known. */
function inheritedValue({ field, inherited, dormant }: Row): unknown {
  if (inherited) return inherited.value;
  return inherited === undefined || dormant !== undefined ? field?.value : undefined;
}

function LastChange({ change }: { change: { actor: string; at: string; note: string | null } }) {
  return (
    <>
      <bdi className="actor">{change.actor}</bdi> <Time at={change.at} />
      {change.note !== null && (
        <bdi className="note" title={change.note}>
          {change.note}
        </bdi>
      )}
    </>
  );
}

function RowButtons({ row, canEdit, draft, actions }: FieldRowProps) {
  const { pointer, inherited } = row;
  return (
    <div className="row-actions">
      {canEdit && draft === undefined && !isLocked(row) && pointer !== "" && (
        <button
          type="button"
          data-action="edit"
          aria-label={`Edit ${pointer}`}
          onClick={() => actions.edit(row)}
        >
          Edit
        </button>
      )}
      {canEdit && hasOwn(row) && draft?.kind !== "reset" && (
        <button
          type="button"
          data-action="reset"
          aria-label={`Reset ${pointer}: ${comingText(row)}`}
          title={`Reset: ${comingText(row)}`}
          onClick={() => actions.reset(row)}
        >
          <span aria-hidden="true">↺ </span>
          <span className="coming-value">{inherited ? jsonText(inherited.value) : "remove"}</span>
        </button>
      )}
      {draft !== undefined && (
        <button type="button" data-action="cancel" onClick={() => actions.cancel(pointer)}>
          {draft.kind === "reset" ? "Keep it" : "Cancel"}
        </button>
      )}
      {actions.constrain && (
        <button
          type="button"
          data-action="constrain"
          aria-label={`Constrain ${pointer === "" ? WHOLE_CONFIG : pointer}`}
          onClick={() => actions.constrain?.(pointer)}
        >
          Constrain
        </button>
      )}
      <button
        type="button"
        data-action="history"
        aria-label={`History of ${pointer}`}
        onClick={() => actions.history(pointer)}
      >
        History
      </button>
    </div>
  );
}

/** A lock leaves nothing to edit; what waits under it can be dropped. */
function isLocked({ constraint }: Row): boolean {
  return constraint?.kind === "LOCK";
}

function hasOwn({ inherited, dormant }: Row): boolean {
  return inherited !== undefined || dormant !== undefined;
}

function comingText({ inherited, dormant }: Row): string {
  if (dormant !== undefined && !inherited) return "remove what is not in force";
  if (!inherited) return "remove; no layer below says anything here";
  return `${jsonText(inherited.value)} comes back, from ${LAYER_NAMES[inherited.source]}`;
}
