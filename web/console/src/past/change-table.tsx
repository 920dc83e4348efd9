import type { LayerKind } from "../api/operations.generated.js";
import { SourceChip } from "../config/source-chip.js";
import { equalJson } from "../json.js";
import { Time } from "../ui/time.js";
import { Value } from "../ui/value.js";

export interface ShownChange {
  readonly pointer: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly sourceBefore?: LayerKind | null;
  readonly sourceAfter?: LayerKind | null;
  readonly by?: { readonly actor: string; readonly at: string; readonly note: string | null } | null;
}

/** Changes of fields or overrides: what was, and what comes. */
export function ChangeTable({ changes, caption }: { changes: readonly ShownChange[]; caption: string }) {
  return (
    <section className="changes" aria-label={caption}>
      <h3>{caption}</h3>
      <ul>
        {changes.map((change) => (
          <li key={change.pointer} data-change={change.pointer}>
            <code>{change.pointer === "" ? "the whole config" : change.pointer}</code>
            <span className="change">
              <Side
                value={change.before}
                source={change.sourceBefore === change.sourceAfter ? null : change.sourceBefore}
                isGone
              />
              <span> → </span>
              <Side value={change.after} source={change.sourceAfter} />
              {change.sourceAfter &&
                change.sourceBefore !== change.sourceAfter &&
                equalJson(change.before, change.after) && (
                  <span className="hint">the same value from another layer</span>
                )}
            </span>
            {change.by && (
              <span className="hint">
                <bdi>{change.by.actor}</bdi>, <Time at={change.by.at} />
                {change.by.note !== null && (
                  <>
                    : <bdi>{change.by.note}</bdi>
                  </>
                )}
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Side({
  value,
  source,
  isGone = false,
}: {
  value: unknown;
  source: LayerKind | null | undefined;
  isGone?: boolean;
}) {
  const shown = <Value value={value} />;
  return (
    <span className="side-of-change">
      {isGone && value !== null ? <del>{shown}</del> : shown}
      {source && <SourceChip kind={source} />}
    </span>
  );
}
