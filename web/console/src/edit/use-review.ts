import { useEffect, useRef, useState } from "react";
import { ApiError, messageOf } from "../api/api-error.js";
import { useSession } from "../session/session.js";
import type { Collision } from "./edits.js";
import type { ReviewDialogProps } from "./review-dialog.js";
import {
  type DecidedOn,
  type Impact,
  type ImpactPage,
  newOperationId,
  type Outcome,
  writeConfig,
} from "./write-config.js";

export interface Review {
  readonly phase: "checking" | "checked" | "saving";
  /** Of the last attempt, dry or not. */
  readonly outcome: Outcome | null;
  readonly error: string | null;
  readonly canSave: boolean;
  /** What others have changed of what is written: to be decided before anything is saved. */
  readonly collisions: readonly Collision[];
  /** The config moved under the review, which was made again. */
  readonly wasOvertaken: boolean;
  /** What the write does to the accounts below is another than was shown first. */
  readonly hasImpactMoved: boolean;
  /** More accounts of the impact that is shown; null: it is another by now, and the review is made again. */
  readImpact(page: ImpactPage): Promise<Impact | null>;
}

type Subject = Pick<
  ReviewDialogProps,
  "place" | "view" | "write" | "basis" | "onRefused" | "onConflict" | "onWritten"
>;

/** Tries a write out, and saves it with exactly the impact that was shown, and over nothing that was not. */
export function useReview(subject: Subject, note: string): { review: Review; save: () => Promise<void> } {
  const { api } = useSession();
  const { place, view, write, basis } = subject;
  const trial = useTrial(subject);
  const { key, outcome, decidedOn } = trial;
  const [isSaving, setSaving] = useState(false);
  const [failed, setFailed] = useState<{ key: string; text: string } | null>(null);
  const [hasImpactMoved, setImpactMoved] = useState(false);
  const firstEtag = useRef(view.etag);
  const digest = outcome?.__typename === "ConfigWritten" ? outcome.impact?.digest : undefined;
  const operationId = useOperationId(JSON.stringify([write, decidedOn, note, digest]));
  const collisions = basis?.undecided(outcome) ?? [];
  useDecisions(subject, outcome, collisions);
  const phase = isSaving ? "saving" : trial.isOver ? "checked" : "checking";
  const canSave =
    phase === "checked" && outcome !== null && collisions.length === 0 && doesSomething(outcome, subject);
  const again = () => {
    setImpactMoved(true);
    trial.again();
  };
  const save = async () => {
    if (!canSave) return;
    setSaving(true);
    setFailed(null);
    try {
      const options = { dryRun: false, note, operationId, expectImpact: digest };
      const done = await writeConfig(api, place, write, decidedOn, options);
      const isAboutImpact = done.__typename === "ConfigConflict" && done.conflicts.length === 0;
      if (isAboutImpact && done.current.etag === view.etag) again();
      else trial.settle(done);
    } catch (reason) {
      setFailed({ key, text: messageOf(reason) });
    }
    setSaving(false);
  };
  const readImpact = async (page: ImpactPage): Promise<Impact | null> => {
    const done = await writeConfig(api, place, write, decidedOn, { dryRun: true }, page);
    const impact = done.__typename === "ConfigWritten" ? done.impact : null;
    if (impact?.digest === digest) return impact;
    if (done.__typename === "ConfigWritten") again();
    else trial.settle(done);
    return null;
  };
  const error = failed?.key === key ? failed.text : trial.error;
  const wasOvertaken = firstEtag.current !== view.etag;
  return {
    review: { phase, outcome, error, canSave, collisions, wasOvertaken, hasImpactMoved, readImpact },
    save,
  };
}

/** Once everything that collides is decided, the edits are decided on what is there now. */
function useDecisions({ basis }: Subject, outcome: Outcome | null, open: readonly Collision[]): void {
  const isDecided =
    outcome?.__typename === "ConfigConflict" && outcome.conflicts.length > 0 && open.length === 0;
  const now = isDecided ? outcome.current.cursor : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a newer state moves the basis
  useEffect(() => {
    if (now !== null) basis?.moveTo(now);
  }, [now]);
}

function doesSomething(outcome: Outcome, { write, view }: Subject): boolean {
  if (outcome.__typename !== "ConfigWritten") return false;
  if (write.kind === "restore" || write.kind === "constrain") return true;
  return outcome.changes.length > 0 || outcome.config.etag !== view.etag;
}

interface Trial {
  /** What is tried out, on which state, and for which time. */
  readonly key: string;
  readonly decidedOn: DecidedOn;
  readonly isOver: boolean;
  readonly outcome: Outcome | null;
  readonly error: string | null;
  again(): void;
  /** Takes in the outcome of another attempt. */
  settle(outcome: Outcome): void;
}

/** Tries a write out, again whenever the config that is shown moves. */
function useTrial(subject: Subject): Trial {
  const { api } = useSession();
  const { place, view, write, basis } = subject;
  const decidedOn = basis === undefined ? { ifMatch: view.etag } : { base: basis.cursor };
  const [turn, setTurn] = useState(0);
  const [done, setDone] = useState<{ key: string; outcome: Outcome | null; error: string | null } | null>(
    null,
  );
  const latest = useRef(subject);
  latest.current = subject;
  const keyAt = (etag: string) => JSON.stringify([turn, etag, decidedOn, write]);
  const key = keyAt(view.etag);
  const settle = (outcome: Outcome) => {
    // What collides is known of the config as it is now, which is shown next.
    const isCollision = outcome.__typename === "ConfigConflict" && outcome.conflicts.length > 0;
    if (isCollision) setDone({ key: keyAt(outcome.current.etag), outcome, error: null });
    else if (outcome.__typename !== "ConfigWritten" || outcome.dryRun) setDone({ key, outcome, error: null });
    const { onRefused, onConflict, onWritten } = latest.current;
    if (outcome.__typename === "ConfigInvalid") onRefused(outcome);
    else if (outcome.__typename === "ConfigConflict") onConflict(outcome.current);
    else if (!outcome.dryRun) onWritten(outcome);
  };
  const isRenewed = useRef(false);
  const fail = async (reason: unknown): Promise<void> => {
    const isBaseLost = reason instanceof ApiError && reason.extensions.pointer === "/base";
    if (!isBaseLost || isRenewed.current) return setDone({ key, outcome: null, error: messageOf(reason) });
    isRenewed.current = true;
    await latest.current.basis?.renew();
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the write and the view
  useEffect(() => {
    let isGone = false;
    if (done?.key === key) return undefined;
    setDone(null);
    const attempt = async () => {
      try {
        const outcome = await writeConfig(api, place, write, decidedOn, { dryRun: true });
        if (!isGone) settle(outcome);
      } catch (reason) {
        if (!isGone) await fail(reason);
      }
    };
    attempt().catch((reason: unknown) => setDone({ key, outcome: null, error: messageOf(reason) }));
    return () => {
      isGone = true;
    };
  }, [api, key]);

  const current = done?.key === key ? done : null;
  return {
    key,
    decidedOn,
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
