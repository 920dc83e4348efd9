import { useCallback, useEffect, useState } from "react";
import type { ConfigView } from "../config/config-source.js";
import { isBlocking } from "../config/problem-list.js";
import { type Problem, problemsByField } from "../config/row.js";
import type { FollowedConfig } from "../config/use-config.js";
import { say } from "../ui/announcer.js";
import type { Editing } from "./use-drafts.js";
import type { Invalid, Written } from "./write-config.js";

const NONE_REFUSED: ReadonlyMap<string, readonly Problem[]> = new Map();

/** The way from edits to a write: the review, and what became of it. */
export function useFieldWrites(editing: Editing, view: ConfigView, config: FollowedConfig) {
  const [isWanted, setWanted] = useState(false);
  const [refused, setRefused] = useState(NONE_REFUSED);
  const { write, drafts } = editing;
  const hasWrite = write !== undefined;
  useEffect(() => {
    // The last edit was given up.
    if (!hasWrite) setWanted(false);
  }, [hasWrite]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another edit may have mended it
  useEffect(() => setRefused(NONE_REFUSED), [drafts]);
  const close = useCallback(() => setWanted(false), []);
  const outcomes = {
    onClose: close,
    onRefused({ problems }: Invalid) {
      const pointers = [...view.fields, ...[...drafts.keys()].map((pointer) => ({ pointer }))];
      setRefused(problemsByField(pointers, problems.filter(isBlocking)));
    },
    onWritten(written: Written) {
      editing.clear();
      close();
      config.replace(written.config);
      say(writtenText(written));
    },
  };
  return {
    isReviewing: isWanted && hasWrite,
    refused,
    review: useCallback(() => setWanted(hasWrite), [hasWrite]),
    outcomes,
  };
}

function writtenText({ changes, revision }: Written): string {
  const what = changes.length === 1 ? "1 field changed" : `${changes.length} fields changed`;
  return revision === null ? "Nothing had to be written." : `Saved as revision ${revision}: ${what}.`;
}
