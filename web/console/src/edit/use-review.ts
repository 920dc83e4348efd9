import { useEffect, useRef, useState } from "react";
import { messageOf } from "../api/api-error.js";
import { useSession } from "../session/session.js";
import type { ReviewDialogProps } from "./review-dialog.js";
import { newOperationId, type Outcome, writeConfig } from "./write-config.js";

export interface Review {
  readonly phase: "checking" | "checked" | "saving";
  /** Of the last attempt, dry or not. */
  readonly outcome: Outcome | null;
  readonly error: string | null;
  readonly canSave: boolean;
  /** The config moved under the review, which was made again. */
  readonly wasOvertaken: boolean;
}

type Subject = Pick<
  ReviewDialogProps,
  "place" | "view" | "write" | "collisions" | "onRefused" | "onConflict" | "onWritten"
>;

/** Tries a write out on the config as it is shown, again whenever that moves; saves it on exactly that state. */
export function useReview(subject: Subject, note: string): { review: Review; save: () => Promise<void> } {
  const { api } = useSession();
  const { place, view, write, collisions } = subject;
  const [phase, setPhase] = useState<Review["phase"]>("checking");
  const [checked, setChecked] = useState<{ etag: string; text: string; outcome: Outcome } | null>(null);
  const [error, setError] = useState<string | null>(null);
  const firstEtag = useRef(view.etag);
  const latest = useRef(subject);
  latest.current = subject;
  const text = JSON.stringify(write);
  const isFree = collisions.length === 0;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the text stands for the write, the etag for the view
  useEffect(() => {
    if (!isFree) return undefined;
    let isOver = false;
    setPhase("checking");
    setError(null);
    writeConfig(api, place, write, { ifMatch: view.etag, dryRun: true }).then(
      (outcome) => {
        if (isOver) return;
        setChecked({ etag: view.etag, text, outcome });
        setPhase("checked");
        settle(outcome, latest.current);
      },
      (reason: unknown) => {
        if (isOver) return;
        setError(messageOf(reason));
        setPhase("checked");
      },
    );
    return () => {
      isOver = true;
    };
  }, [api, text, view.etag, isFree]);

  const isCurrent = checked !== null && checked.etag === view.etag && checked.text === text;
  const outcome = isCurrent ? checked.outcome : null;
  const canSave =
    phase === "checked" &&
    outcome?.__typename === "ConfigWritten" &&
    (outcome.config.etag !== view.etag || write.kind === "restore");
  const operationId = useOperationId(`${text} ${view.etag} ${note}`);
  const save = async () => {
    if (!canSave || !isFree) return;
    setPhase("saving");
    setError(null);
    try {
      const done = await writeConfig(api, place, write, {
        ifMatch: view.etag,
        dryRun: false,
        note,
        operationId,
      });
      setPhase("checked");
      if (done.__typename !== "ConfigWritten") setChecked({ etag: view.etag, text, outcome: done });
      settle(done, latest.current);
    } catch (reason) {
      setError(messageOf(reason));
      setPhase("checked");
    }
  };
  return { review: { phase, outcome, error, canSave, wasOvertaken: firstEtag.current !== view.etag }, save };
}

function settle(outcome: Outcome, { onRefused, onConflict, onWritten }: Subject): void {
  if (outcome.__typename === "ConfigInvalid") onRefused(outcome);
  else if (outcome.__typename === "ConfigConflict") onConflict(outcome.current);
  else if (!outcome.dryRun) onWritten(outcome);
}

/** One name as long as the same is to be written: an attempt whose answer was lost is repeated under it. */
function useOperationId(content: string): string {
  const named = useRef({ content: "", id: "" });
  if (named.current.content !== content) named.current = { content, id: newOperationId() };
  return named.current.id;
}
