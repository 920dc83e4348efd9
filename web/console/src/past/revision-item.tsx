import type { WriteKind } from "../api/operations.generated.js";
import type { Place } from "../config/place.js";
import { Link } from "../route/link.js";
import { configHref } from "../route/route.js";
import { Time } from "../ui/time.js";
import { ChangeTable } from "./change-table.js";
import type { Revision } from "./history-source.js";

const KINDS: Readonly<Record<WriteKind, string>> = {
  SET: "replaced all",
  PATCH: "changed",
  RESET: "reset",
  RESTORE: "restored",
  CONSTRAIN: "constrained",
};

interface RevisionItemProps {
  readonly revision: Revision;
  readonly place: Place;
  /** Undefined: it is in force, or one may not write. */
  readonly onRestore?: (() => void) | undefined;
}

export function RevisionItem({ revision, place, onRestore }: RevisionItemProps) {
  const { revision: number, kind, actor, at, note, restoredFrom, changes } = revision;
  return (
    <li className="revision" data-revision={number}>
      <header>
        <span className="revision-number">{number}</span>
        <span>
          <bdi className="actor">{actor ?? "above your reach"}</bdi> {KINDS[kind]}
          {restoredFrom !== null && ` revision ${restoredFrom}`} <Time at={at} />
        </span>
        <span className="buttons">
          <Link className="button" href={configHref(place, "fields", { asOf: at })}>
            As of then
          </Link>
          <Link className="button" href={`${configHref(place, "compare")}?from=${at}`}>
            Compare
          </Link>
          {onRestore && (
            <button type="button" data-action="restore" onClick={onRestore}>
              Restore…
            </button>
          )}
        </span>
      </header>
      {note !== null && (
        <blockquote className="note">
          <bdi>{note}</bdi>
        </blockquote>
      )}
      {changes.length > 0 ? (
        <ChangeTable changes={changes} caption={`Changes of revision ${number}`} />
      ) : (
        <p className="hint">No change that can be shown.</p>
      )}
    </li>
  );
}
