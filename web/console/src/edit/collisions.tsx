import { LAYER_NAMES } from "../config/layer-name.js";
import { Time } from "../ui/time.js";
import { Value } from "../ui/value.js";
import type { Collision } from "./edits.js";

interface CollisionProps {
  readonly collision: Collision;
  readonly onResolve: (collision: Collision, choice: "mine" | "theirs") => void;
}

/** Somebody changed a field that is being edited: what it was, what both want, and who gets their way. */
export function TheirsBesideMine({ collision, onResolve }: CollisionProps) {
  const { pointer, before, mine, theirs, theirsSource, by } = collision;
  return (
    <div className="collision" role="alert" data-collision={pointer}>
      <p>
        <strong>Changed elsewhere</strong> while you were editing
        {by && (
          <>
            , by <bdi>{by.actor}</bdi> <Time at={by.at} />
          </>
        )}
        .
      </p>
      <dl>
        <div>
          <dt>Before</dt>
          <dd>
            <Value value={before} />
          </dd>
        </div>
        <div>
          <dt>Mine</dt>
          <dd>{mine === undefined ? <span className="none">reset</span> : <Value value={mine} />}</dd>
        </div>
        <div>
          <dt>Theirs</dt>
          <dd>
            <Value value={theirs} />
            {theirsSource && <span className="hint"> {LAYER_NAMES[theirsSource]}</span>}
          </dd>
        </div>
      </dl>
      <div className="buttons">
        <button type="button" data-action="mine" onClick={() => onResolve(collision, "mine")}>
          Keep mine
        </button>
        <button type="button" data-action="theirs" onClick={() => onResolve(collision, "theirs")}>
          Take theirs
        </button>
      </div>
    </div>
  );
}
