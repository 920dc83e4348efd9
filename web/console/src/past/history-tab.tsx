import { useEffect, useState } from "react";
import { messageOf } from "../api/api-error.js";
import type { ConfigView } from "../config/config-source.js";
import type { Place } from "../config/place.js";
import { ReviewDialog } from "../edit/review-dialog.js";
import { setParameters } from "../route/navigation.js";
import { useSession } from "../session/session.js";
import { say } from "../ui/announcer.js";
import { type HistoryPage, type Revision, readHistory, touches } from "./history-source.js";
import { RevisionItem } from "./revision-item.js";

interface HistoryTabProps {
  readonly place: Place;
  readonly view: ConfigView;
  readonly replace: (view: ConfigView) => void;
  /** Only revisions that changed something here. */
  readonly at: string | null;
}

/** What was written to this config's own document, newest first. */
export function HistoryTab({ place, view, replace, at }: HistoryTabProps) {
  const { viewer } = useSession();
  const [restoring, setRestoring] = useState<Revision | null>(null);
  const { page, error, isLoading, more } = useHistory(place, view.etag);
  const revisions = page?.nodes.filter((revision) => at === null || touches(revision, at));
  const newest = page?.nodes[0]?.revision;
  return (
    <section className="history">
      {at !== null && (
        <p className="narrowed">
          Only what changed <code>{at}</code>.{" "}
          <button type="button" onClick={() => setParameters({ at: null })}>
            Show every revision
          </button>
        </p>
      )}
      {error !== null && (
        <p className="problem" role="alert">
          {error}
        </p>
      )}
      {revisions?.length === 0 && !isLoading && (
        <p className="hint empty">
          {at === null ? "Nothing was ever written here." : "No revision that is kept changed this."}
        </p>
      )}
      <ol className="revisions">
        {revisions?.map((revision) => (
          <RevisionItem
            key={revision.id}
            revision={revision}
            place={place}
            onRestore={
              viewer.canWrite && revision.revision !== newest ? () => setRestoring(revision) : undefined
            }
          />
        ))}
      </ol>
      {page?.pageInfo.hasNextPage && (
        <button type="button" data-action="older" disabled={isLoading} onClick={more}>
          {isLoading ? "Reading…" : "Older revisions"}
        </button>
      )}
      {restoring && (
        <ReviewDialog
          title={`Restore revision ${restoring.revision}`}
          place={place}
          view={view}
          write={{ kind: "restore", revision: restoring.revision }}
          onRefused={() => {}}
          onConflict={replace}
          onWritten={(written) => {
            setRestoring(null);
            replace(written.config);
            say(`Restored revision ${restoring.revision}.`);
          }}
          onClose={() => setRestoring(null)}
        />
      )}
    </section>
  );
}

/** @param etag asks again when the config moves */
function useHistory(place: Place, etag: string) {
  const { api } = useSession();
  const { accountId, configId } = place;
  const [page, setPage] = useState<HistoryPage>();
  const [error, setError] = useState<string | null>(null);
  const [isLoading, setLoading] = useState(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a place is its two ids; another etag asks again
  useEffect(() => {
    let isOver = false;
    setLoading(true);
    readHistory(api, place, null)
      .then(
        (first) => {
          if (isOver) return;
          setPage(first);
          setError(null);
        },
        (reason: unknown) => !isOver && setError(messageOf(reason)),
      )
      .finally(() => !isOver && setLoading(false));
    return () => {
      isOver = true;
    };
  }, [api, accountId, configId, etag]);
  const more = async () => {
    if (page === undefined) return;
    setLoading(true);
    try {
      const next = await readHistory(api, place, page.pageInfo.endCursor);
      setPage({ nodes: [...page.nodes, ...next.nodes], pageInfo: next.pageInfo });
    } catch (reason) {
      setError(messageOf(reason));
    }
    setLoading(false);
  };
  return { page, error, isLoading, more: () => void more() };
}
