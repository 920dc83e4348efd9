import type { Editing } from "./use-drafts.js";

/** How many edits wait, and the way on. */
export function SaveBar({ editing, onReview }: { editing: Editing; onReview: () => void }) {
  const { touched, collisions, write } = editing;
  if (touched === 0) return null;
  const what = touched === 1 ? "1 edit, not written yet" : `${touched} edits, not written yet`;
  return (
    <section className="save-bar" aria-label="Edits">
      <p role="status">
        {what}
        {collisions.length > 0 && <strong> · {collisions.length} changed elsewhere</strong>}
        {write === undefined && <strong> · an input holds no value</strong>}
      </p>
      <button type="button" data-action="discard" onClick={editing.clear}>
        Discard
      </button>
      <button
        type="button"
        className="primary"
        data-action="review"
        disabled={write === undefined}
        onClick={onReview}
      >
        Review…
      </button>
    </section>
  );
}
