import { useDeferredValue, useEffect, useMemo, useState } from "react";
import { AddSetting } from "../edit/add-setting.js";
import { Constraining } from "../edit/constraining.js";
import { RedundantOverrides } from "../edit/redundant-overrides.js";
import { ReviewDialog } from "../edit/review-dialog.js";
import { SaveBar } from "../edit/save-bar.js";
import { type Editing, useDrafts, useLeaveWarning } from "../edit/use-drafts.js";
import { useFieldWrites } from "../edit/use-field-writes.js";
import { useChangedSince } from "../past/use-changed-since.js";
import { navigate, setParameters } from "../route/navigation.js";
import { configHref } from "../route/route.js";
import { useSession } from "../session/session.js";
import type { ConfigView } from "./config-source.js";
import { constraintAt } from "./constraint.js";
import { FieldList } from "./field-list.js";
import type { RowActions } from "./field-row.js";
import { FilterBar } from "./filter-bar.js";
import { countRows, filterRows, parseShow } from "./filters.js";
import { ownLayer, type Place } from "./place.js";
import { ProblemList } from "./problem-list.js";
import { rowsOf } from "./row.js";
import type { FollowedConfig } from "./use-config.js";

interface FieldsTabProps {
  readonly place: Place;
  readonly view: ConfigView;
  readonly config: FollowedConfig;
  readonly asOf: string | null;
  readonly search: URLSearchParams;
  /** Accounts inherit from this place's document. */
  readonly bindsOthers: boolean;
}

/** The fields of a config, one row each: seen, searched, edited. */
export function FieldsTab({ place, view, config, asOf, search, bindsOthers }: FieldsTabProps) {
  const canEdit = useSession().viewer.canWrite && asOf === null;
  const editing = useDrafts(place, view, config.replace);
  const writes = useFieldWrites(editing, view, config);
  const open = search.get("at");
  const { shown, rows, filters, showAll, error } = useShownRows({ place, view, asOf, search, editing });
  const [constraining, setConstraining] = useState<string | null>(null);
  const constrain = canEdit && bindsOthers ? setConstraining : undefined;
  const rowActions = useRowActions(place, editing, writes.review, open);
  const actions = useMemo(() => ({ ...rowActions, constrain }), [rowActions, constrain]);
  useLeaveWarning();
  const failed = editing.error ?? error;
  return (
    <>
      {filters}
      {failed !== null && (
        <p className="problem" role="alert">
          {failed}
        </p>
      )}
      <ProblemList problems={writes.refused.get("") ?? []} />
      {canEdit && view.redundant.length > 0 && (
        <RedundantOverrides place={place} view={view} replace={config.replace} />
      )}
      <FieldList
        rows={shown}
        place={place}
        view={view}
        asOf={asOf}
        open={open}
        flashing={config.flashing}
        canEdit={canEdit}
        editing={editing}
        refused={writes.refused}
        actions={actions}
      />
      {shown.length === 0 && <NothingShown isEmpty={rows.length === 0} onAll={showAll} />}
      {constraining !== null && (
        <Constraining
          place={place}
          view={view}
          pointer={constraining}
          replace={config.replace}
          onClose={() => setConstraining(null)}
        />
      )}
      {canEdit && <Adding place={place} view={view} editing={editing} constrain={constrain} />}
      {canEdit && <SaveBar editing={editing} onReview={writes.review} />}
      {writes.isReviewing && editing.write && (
        <ReviewDialog
          title="Review"
          place={place}
          view={view}
          write={editing.write}
          basis={editing.basis}
          onConflict={config.replace}
          {...writes.outcomes}
        />
      )}
    </>
  );
}

interface ShownOptions {
  readonly place: Place;
  readonly view: ConfigView;
  readonly asOf: string | null;
  readonly search: URLSearchParams;
  readonly editing: Editing;
}

function useShownRows({ place, view, asOf, search, editing }: ShownOptions) {
  const [words, setWords] = useWords(search);
  const show = parseShow(search.get("show"));
  const since = search.get("since");
  const changed = useChangedSince(place, show === "changed" ? since : null, asOf, view.etag);
  const edited = [...editing.drafts.keys()].join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: only which fields are edited matters, not how
  const rows = useMemo(() => rowsOf(view, [...editing.drafts.keys()]), [view, edited]);
  // Typing stays quick however many rows there are.
  const lateWords = useDeferredValue(words);
  const own = ownLayer(place);
  const shown = useMemo(
    () => filterRows(rows, { show, words: lateWords }, own, changed.pointers),
    [rows, show, lateWords, own, changed.pointers],
  );
  const counts = useMemo(() => countRows(rows), [rows]);
  const filters = (
    <FilterBar
      show={show}
      since={since}
      words={words}
      onWords={setWords}
      own={own}
      layers={view.layers.map(({ kind }) => kind)}
      counts={counts}
      shown={shown.length}
      total={rows.length}
    />
  );
  const showAll = () => {
    setWords("");
    setParameters({ show: null, since: null, q: null });
  };
  return { rows, shown, filters, showAll, error: changed.error };
}

/** Browsers put up with a new address now and then, not with one for every key. */
const ADDRESS_MS = 300;

/** The words that are searched for; the address follows, so that it leads back here. */
function useWords(search: URLSearchParams): [string, (words: string) => void] {
  const [words, setWords] = useState(search.get("q") ?? "");
  useEffect(() => {
    const timer = setTimeout(() => {
      if (words !== (new URLSearchParams(location.search).get("q") ?? "")) setParameters({ q: words });
    }, ADDRESS_MS);
    return () => clearTimeout(timer);
  }, [words]);
  return [words, setWords];
}

function useRowActions(
  place: Place,
  editing: Editing,
  review: () => void,
  open: string | null,
): Omit<RowActions, "move" | "constrain"> {
  const { edit, reset, cancel, setText, setPinned, resolve } = editing;
  const { accountId, configId } = place;
  return useMemo(
    () => ({
      edit,
      reset,
      cancel,
      setText,
      setPinned,
      resolve,
      review,
      toggle: (pointer: string) => setParameters({ at: pointer === open ? null : pointer }),
      history: (pointer: string) => navigate(configHref({ accountId, configId }, "history", { at: pointer })),
    }),
    [edit, reset, cancel, setText, setPinned, resolve, review, open, accountId, configId],
  );
}

interface AddingProps {
  readonly place: Place;
  readonly view: ConfigView;
  readonly editing: Editing;
  readonly constrain: ((pointer: string) => void) | undefined;
}

/** For settings without a row. */
function Adding({ place, view, editing, constrain }: AddingProps) {
  const [isOpen, setOpen] = useState<"add" | "constrain" | null>(null);
  const isLocked = constraintAt(view.constraints, "")?.kind === "LOCK";
  return (
    <p className="after-rows">
      {!isLocked && (
        <button type="button" data-action="add" onClick={() => setOpen("add")}>
          Add a setting
        </button>
      )}{" "}
      {constrain && (
        <button type="button" data-action="constrain-other" onClick={() => setOpen("constrain")}>
          Constrain a setting
        </button>
      )}
      {isOpen !== null && (
        <AddSetting
          title={isOpen === "add" ? "Add a setting" : "Constrain a setting"}
          place={place}
          known={new Set(view.fields.map(({ pointer }) => pointer))}
          onAdd={(pointer, schema) => {
            setOpen(null);
            if (isOpen === "add") editing.add(pointer, schema);
            else constrain?.(pointer);
          }}
          onClose={() => setOpen(null)}
        />
      )}
    </p>
  );
}

function NothingShown({ isEmpty, onAll }: { isEmpty: boolean; onAll: () => void }) {
  if (isEmpty) return <p className="hint empty">No layer sets anything in this config.</p>;
  return (
    <p className="hint empty">
      No field is like that.{" "}
      <button type="button" onClick={onAll}>
        Show all
      </button>
    </p>
  );
}
