import { type FormEvent, useId, useState } from "react";
import type { ConfigView } from "../config/config-source.js";
import type { Constraint } from "../config/constraint.js";
import type { Place } from "../config/place.js";
import { isObject, type JsonObject, jsonLines } from "../json.js";
import { say } from "../ui/announcer.js";
import { Dialog } from "../ui/dialog.js";
import type { Write } from "./drafts.js";
import { ReviewDialog } from "./review-dialog.js";

interface ConstrainingProps {
  readonly place: Place;
  readonly view: ConfigView;
  readonly pointer: string;
  readonly replace: (view: ConfigView) => void;
  readonly onClose: () => void;
}

interface Form {
  readonly kind: Constraint["kind"];
  readonly schema: string;
  readonly reason: string;
}

/** What a document says to the layers above it at one place: put, changed or removed, through a review. */
export function Constraining({ place, view, pointer, replace, onClose }: ConstrainingProps) {
  const existing = view.layers[0]?.constraints.find((constraint) => constraint.pointer === pointer);
  const [form, setForm] = useState<Form>(() => formOf(existing));
  const [write, setWrite] = useState<Write | null>(null);
  if (write === null)
    return (
      <ConstraintForm
        pointer={pointer}
        hasExisting={existing !== undefined}
        form={form}
        setForm={setForm}
        onClose={onClose}
        onReview={setWrite}
      />
    );
  return (
    <ReviewDialog
      title="Review the constraint"
      place={place}
      view={view}
      write={write}
      onRefused={() => {}}
      onConflict={replace}
      onWritten={(written) => {
        replace(written.config);
        say("The constraint is saved.");
        onClose();
      }}
      onClose={() => setWrite(null)}
    />
  );
}

function formOf(existing: Constraint | undefined): Form {
  const schema = existing?.schema ?? { minimum: 0 };
  return { kind: existing?.kind ?? "LOCK", schema: jsonLines(schema), reason: existing?.reason ?? "" };
}

interface ConstraintFormProps {
  readonly pointer: string;
  readonly hasExisting: boolean;
  readonly form: Form;
  readonly setForm: (form: Form) => void;
  readonly onClose: () => void;
  readonly onReview: (write: Write) => void;
}

function ConstraintForm({ pointer, hasExisting, form, setForm, onClose, onReview }: ConstraintFormProps) {
  const id = useId();
  const { kind, reason } = form;
  const schema = kind === "BOUNDS" ? schemaOf(form.schema) : null;
  const isComplete = reason.trim() !== "" && (kind === "LOCK" || schema !== null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isComplete) onReview({ kind: "constrain", set: [{ pointer, kind, schema, reason }], remove: [] });
  };
  return (
    <Dialog title="Constrain the accounts below" onClose={onClose}>
      <form onSubmit={submit} className="stack">
        <p>
          <code>{pointer === "" ? "the whole config" : pointer}</code>
        </p>
        <label htmlFor={`${id}-kind`}>What they may do here</label>
        <select
          id={`${id}-kind`}
          data-input="constraint-kind"
          value={kind}
          onChange={(event) => setForm({ ...form, kind: event.target.value === "LOCK" ? "LOCK" : "BOUNDS" })}
        >
          <option value="LOCK">Nothing: it is locked</option>
          <option value="BOUNDS">Only values within bounds</option>
        </select>
        {kind === "BOUNDS" && (
          <>
            <label htmlFor={`${id}-schema`}>Bounds, as a JSON Schema</label>
            <textarea
              id={`${id}-schema`}
              data-input="constraint-schema"
              className="code"
              rows={5}
              spellCheck={false}
              aria-invalid={schema === null}
              aria-describedby={`${id}-hint`}
              value={form.schema}
              onChange={(event) => setForm({ ...form, schema: event.target.value })}
            />
            <p id={`${id}-hint`} className={schema === null ? "problem" : "hint"}>
              {schema === null ? "Give a JSON object." : 'For example {"minimum": 5, "maximum": 60}.'}
            </p>
          </>
        )}
        <label htmlFor={`${id}-reason`}>Why? Everybody who is bound can read it</label>
        <input
          id={`${id}-reason`}
          data-input="constraint-reason"
          type="text"
          maxLength={500}
          autoComplete="off"
          required
          value={reason}
          onChange={(event) => setForm({ ...form, reason: event.target.value })}
        />
        <footer className="buttons">
          <button type="button" onClick={onClose}>
            Back
          </button>
          {hasExisting && (
            <button
              type="button"
              data-action="remove-constraint"
              onClick={() => onReview({ kind: "constrain", set: [], remove: [pointer] })}
            >
              Remove it…
            </button>
          )}
          <button type="submit" className="primary" data-action="review-constraint" disabled={!isComplete}>
            Review…
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** @returns null when the text is no JSON object */
function schemaOf(text: string): JsonObject | null {
  try {
    const schema: unknown = JSON.parse(text);
    return isObject(schema) ? schema : null;
  } catch {
    return null;
  }
}
