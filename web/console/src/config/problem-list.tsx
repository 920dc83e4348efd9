import { jsonText } from "../json.js";
import { LAYER_NAMES } from "./layer-name.js";
import type { Problem } from "./row.js";

export function ProblemList({
  problems,
  withPointers = false,
}: {
  problems: readonly Problem[];
  withPointers?: boolean;
}) {
  if (problems.length === 0) return null;
  return (
    <ul className="problems">
      {problems.map((problem) => (
        <li
          key={`${problem.pointer} ${problem.keyword} ${problem.message}`}
          data-keyword={problem.keyword}
          data-blocks={isBlocking(problem) || undefined}
        >
          {withPointers && <code>{problem.pointer === "" ? "the config" : problem.pointer}</code>}{" "}
          {problem.message}
          {problem.expected !== null && (
            <span className="hint"> Expected: {jsonText(problem.expected)}.</span>
          )}
          {problem.inherited && (
            <span className="hint">
              {" "}
              It comes from below{problem.source && `: ${LAYER_NAMES[problem.source]}`}.
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

/** Whether a problem keeps a write from happening. */
export function isBlocking({ inherited, existing }: Problem): boolean {
  return !inherited && !existing;
}
