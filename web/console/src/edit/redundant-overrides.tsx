import { useState } from "react";
import type { ConfigView } from "../config/config-source.js";
import type { Place } from "../config/place.js";
import { say } from "../ui/announcer.js";
import { ReviewDialog } from "./review-dialog.js";

interface RedundantProps {
  readonly place: Place;
  readonly view: ConfigView;
  readonly replace: (view: ConfigView) => void;
}

/** Own overrides that say what is inherited anyway. One click, and a review, drops them. */
export function RedundantOverrides({ place, view, replace }: RedundantProps) {
  const [isDropping, setDropping] = useState(false);
  const { redundant } = view;
  const what = redundant.length === 1 ? "1 override equals" : `${redundant.length} overrides equal`;
  return (
    <section className="redundant" aria-label="Redundant overrides">
      <details>
        <summary>{what} what is inherited anyway</summary>
        <ul>
          {redundant.map((pointer) => (
            <li key={pointer} data-redundant={pointer}>
              <code>{pointer}</code>
            </li>
          ))}
        </ul>
      </details>
      <button type="button" data-action="drop-redundant" onClick={() => setDropping(true)}>
        Drop {redundant.length === 1 ? "it" : "them"}…
      </button>
      {isDropping && (
        <ReviewDialog
          title="Drop redundant overrides"
          place={place}
          view={view}
          write={{ kind: "reset", pointers: redundant }}
          onRefused={() => {}}
          onConflict={replace}
          onWritten={(written) => {
            setDropping(false);
            replace(written.config);
            say("The redundant overrides are dropped.");
          }}
          onClose={() => setDropping(false)}
        />
      )}
    </section>
  );
}
