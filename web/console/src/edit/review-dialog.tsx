import { useId, useState } from "react";
import type { ConfigView } from "../config/config-source.js";
import type { Place } from "../config/place.js";
import { isBlocking, ProblemList } from "../config/problem-list.js";
import { ChangeTable } from "../past/change-table.js";
import { Dialog } from "../ui/dialog.js";
import { TheirsBesideMine } from "./collisions.js";
import type { Write } from "./drafts.js";
import { ImpactSummary } from "./impact-summary.js";
import type { Basis } from "./use-drafts.js";
import { type Review, useReview } from "./use-review.js";
import type { Invalid, Written } from "./write-config.js";

export interface ReviewDialogProps {
  readonly title: string;
  readonly place: Place;
  readonly view: ConfigView;
  readonly write: Write;
  /** What the write was decided on, some time ago. Without it: the config as it is shown, and nothing else. */
  readonly basis?: Basis;
  readonly onRefused: (invalid: Invalid) => void;
  /** The config is another than the one that the write was decided on. */
  readonly onConflict: (current: ConfigView) => void;
  readonly onWritten: (written: Written) => void;
  readonly onClose: () => void;
}

/** Says what a write would do, and does it. Nothing was written before. */
export function ReviewDialog(props: ReviewDialogProps) {
  const { title, basis, onClose } = props;
  const [note, setNote] = useState("");
  const { review, save } = useReview(props, note);
  const { collisions } = review;
  return (
    <Dialog title={title} onClose={onClose} className="review">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <div className="review-body">
          {review.wasOvertaken && (
            <p className="warning" role="alert">
              The config was changed meanwhile. This is what your edit does now.
            </p>
          )}
          {review.hasImpactMoved && (
            <p className="warning" role="alert">
              Accounts below have changed meanwhile. This is what your edit does to them now: look again, then
              save.
            </p>
          )}
          {basis &&
            collisions.map((collision) => (
              <TheirsBesideMine key={collision.pointer} collision={collision} onResolve={basis.resolve} />
            ))}
          {collisions.length === 0 && <ReviewResult review={review} place={props.place} />}
        </div>
        <NoteInput note={note} setNote={setNote} />
        <footer className="buttons">
          <button type="button" onClick={onClose}>
            Back
          </button>
          <button type="submit" className="primary" data-action="save" disabled={!review.canSave}>
            {review.phase === "saving" ? "Saving…" : "Save"}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function ReviewResult({ review, place }: { review: Review; place: Place }) {
  const { phase, outcome, error } = review;
  if (error !== null)
    return (
      <p className="problem" role="alert">
        {error}
      </p>
    );
  if (outcome === null) return <p className="hint">{phase === "saving" ? "Saving…" : "Trying it out…"}</p>;
  if (outcome.__typename === "ConfigInvalid")
    return (
      <>
        <p className="problem" role="alert">
          {outcome.message}
        </p>
        <ProblemList problems={outcome.problems.filter(isBlocking)} withPointers />
      </>
    );
  if (outcome.__typename === "ConfigConflict") return <p className="hint">Trying it out again…</p>;
  return (
    <>
      {outcome.changes.length === 0 ? (
        <p className="hint">
          {review.canSave
            ? "No value in force changes here; what this document says does."
            : "This changes nothing: it is how things are already."}
        </p>
      ) : (
        <ChangeTable changes={outcome.changes} caption="What changes here" />
      )}
      {outcome.impact && (
        <ImpactSummary
          key={outcome.impact.digest}
          place={place}
          impact={outcome.impact}
          readImpact={review.readImpact}
        />
      )}
    </>
  );
}

function NoteInput({ note, setNote }: { note: string; setNote: (note: string) => void }) {
  const id = useId();
  return (
    <div className="note-input">
      <label htmlFor={id}>Why? (optional)</label>
      <input
        id={id}
        data-input="note"
        type="text"
        maxLength={500}
        autoComplete="off"
        placeholder="ticket 4711"
        value={note}
        onChange={(event) => setNote(event.target.value)}
      />
    </div>
  );
}
