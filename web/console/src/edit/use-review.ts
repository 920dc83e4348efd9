import { useEffect, useRef, useState } from "react";
import { messageOf } from "../api/api-error.js";
import { useSession } from "../session/session.js";
import type { ReviewDialogProps } from "./review-dialog.js";
import { type Impact, type ImpactPage, newOperationId, type Outcome, writeConfig } from "./write-config.js";

export interface Review {
  readonly phase: "checking" | "checked" | "saving";
  /** Of the last attempt, dry or not. */
  readonly outcome: Outcome | null;
  readonly error: string | null;
  readonly canSave: boolean;
  /** The config moved under the review, which was made again. */
  readonly wasOvertaken: boolean;
  /** What the write does to the accounts below is another than was shown first. */
  readonly hasImpactMoved: boolean;
  /** More accounts of the impact that is shown; null: it is another by now, and the review is made again. */
  readImpact(page: ImpactPage): Promise<Impact | null>;
}

type Subject = Pick<
  ReviewDialogProps,
  "place" | "view" | "write" | "collisions" | "onRefused" | "onConflict" | "onWritten"
>;

/** Tries a write out, and saves it on exactly the state, and with exactly the impact, that were shown. */
export function useReview(subject: Subject, note: string): { review: Review; save: () => Promise<void> } {
  const { api } = useSession();
  const { place, view, write, collisions } = subject;
  const trial = useTrial(subject);
  const { key, outcome } = trial;
  const [isSaving, setSaving] = useState(false);
  const [failed, setFailed] = useState<{ key: string; text: string } | null>(null);
  const [hasImpactMoved, setImpactMoved] = useState(false);
  const firstEtag = useRef(view.etag);
  const digest = outcome?.__typename === "ConfigWritten" ? outcome.impact?.digest : undefined;
  const operationId = useOperationId(`${JSON.stringify(write)} ${view.etag} ${note} ${digest}`);
  const phase = isSaving ? "saving" : trial.isOver ? "checked" : "checking";
  const canSave = phase === "checked" && outcome !== null && doesSomething(outcome, subject);
  const again = () => {
    setImpactMoved(true);
    trial.again();
  };
  const save = async () => {
    if (!canSave || collisions.length > 0) return;
    setSaving(true);
    setFailed(null);
    try {
      const options = { ifMatch: view.etag, dryRun: false, note, operationId, expectImpact: digest };
      const done = await writeConfig(api, place, write, options);
      if (done.__typename === "ConfigConflict" && done.current.etag === view.etag) again();
      else trial.settle(done);
    } catch (reason) {
      setFailed({ key, text: messageOf(reason) });
    }
    setSaving(false);
  };
  const readImpact = async (page: ImpactPage): Promise<Impact | null> => {
    const done = await writeConfig(api, place, write, { ifMatch: view.etag, dryRun: true }, page);
    const impact = done.__typename === "ConfigWritten" ? done.impact : null;
    if (impact?.digest === digest) return impact;
    if (done.__typename === "ConfigWritten") again();
    else trial.settle(done);
    return null;
  };
  const error = failed?.key === key ? failed.text : trial.error;
  const wasOvertaken = firstEtag.current !== view.etag;
  return { review: { phase, outcome, error, canSave, wasOvertaken, hasImpactMoved, readImpact }, save };
}

function doesSomething(outcome: Outcome, { write, view }: Subject): boolean {
  if (outcome.__typename !== "ConfigWritten") return false;
  if (write.kind === "restore" || write.kind === "constrain") return true;
  return outcome.changes.length > 0 || outcome.config.etag !== view.etag;
}

interface Trial {
  /** What is tried out, on which state, and for which time. */
  readonly key: string;
  readonly isOver: boolean;
  readonly outcome: Outcome | null;
  readonly error: string | null;
  again(): void;
  /** Takes in the outcome of another attempt. */
  settle(outcome: Outcome): void;
}

/** Tries a write out on the config as it is shown, again whenever that moves. */
function useTrial(subject: Subject): Trial {
  const { api } = useSession();
  const { place, view, write, collisions } = subject;
  const [turn, setTurn] = useState(0);
  const [done, setDone] = useState<{ key: string; outcome: Outcome | null; error: string | null } | null>(
    null,
  );
  const latest = useRef(subject);
  latest.current = subject;
  const isFree = collisions.length === 0;
  const key = `${turn} ${view.etag} ${JSON.stringify(write)}`;
  const settle = (outcome: Outcome) => {
    if (outcome.__typename !== "ConfigWritten" || outcome.dryRun) setDone({ key, outcome, error: null });
    const { onRefused, onConflict, onWritten } = latest.current;
    if (outcome.__typename === "ConfigInvalid") onRefused(outcome);
    else if (outcome.__typename === "ConfigConflict") onConflict(outcome.current);
    else if (!outcome.dryRun) onWritten(outcome);
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the write and the view
  useEffect(() => {
    if (!isFree) return undefined;
    let isGone = false;
    setDone(null);
    writeConfig(api, place, write, { ifMatch: view.etag, dryRun: true }).then(
      (outcome) => !isGone && settle(outcome),
      (reason: unknown) => !isGone && setDone({ key, outcome: null, error: messageOf(reason) }),
    );
    return () => {
      isGone = true;
    };
  }, [api, key, isFree]);

  const current = done?.key === key ? done : null;
  return {
    key,
    isOver: current !== null,
    outcome: current?.outcome ?? null,
    error: current?.error ?? null,
    again: () => setTurn((before) => before + 1),
    settle,
  };
}

/** One name as long as the same is to be written: an attempt whose answer was lost is repeated under it. */
function useOperationId(content: string): string {
  const named = useRef({ content: "", id: "" });
  if (named.current.content !== content) named.current = { content, id: newOperationId() };
  return named.current.id;
}
