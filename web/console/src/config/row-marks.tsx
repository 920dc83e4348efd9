import { Value } from "../ui/value.js";
import { type Constraint, constraintText, insistsText } from "./constraint.js";
import { type Row, WHOLE_CONFIG } from "./row.js";

interface RowMarksProps {
  readonly row: Row;
  /** Undefined: it is not to be unpinned here. */
  readonly onUnpin: (() => void) | undefined;
  /** What comes of that. */
  readonly unpinned: string;
}

/** What binds a row, and what waits in its own document because of that. */
export function RowMarks({ row, onUnpin, unpinned }: RowMarksProps) {
  const { pointer, field, constraint, insists, dormant } = row;
  const isPinned = field?.pinned === true;
  if (constraint === null && insists === undefined && dormant === undefined && !isPinned) return null;
  return (
    <div className="row-marks">
      {constraint && <ConstraintMark constraint={constraint} pointer={pointer} />}
      {insists && (
        <p data-insists={insists.kind}>
          <span className="binding">{insistsText(insists)}</span> <bdi>{insists.reason}</bdi>
        </p>
      )}
      {isPinned && (
        <p>
          <span className="binding">Pinned</span>{" "}
          <span className="hint">stays, whatever the layers below say</span>{" "}
          {onUnpin && (
            <button
              type="button"
              data-action="unpin"
              aria-label={`Unpin ${pointer}: ${unpinned}`}
              title={`Unpin: ${unpinned}`}
              onClick={onUnpin}
            >
              Unpin
            </button>
          )}
        </p>
      )}
      {dormant && (
        <p data-dormant={dormant.constraint.kind}>
          <span className="binding">Not in force</span>{" "}
          <del>
            <Value value={dormant.value} />
          </del>{" "}
          <span className="hint">waits here until the constraint goes</span>
        </p>
      )}
    </div>
  );
}

interface ConstraintMarkProps {
  readonly constraint: Constraint;
  /** Where it is shown: its own pointer is told where that is another. */
  readonly pointer: string;
}

function ConstraintMark({ constraint, pointer }: ConstraintMarkProps) {
  return (
    <p data-constraint={constraint.kind}>
      <span className="binding">{constraintText(constraint)}</span>
      {constraint.pointer !== pointer && (
        <span className="hint"> at {constraint.pointer === "" ? WHOLE_CONFIG : constraint.pointer}</span>
      )}{" "}
      <bdi>{constraint.reason}</bdi>
    </p>
  );
}
