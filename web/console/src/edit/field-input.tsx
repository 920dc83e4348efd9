import { type KeyboardEvent, useId } from "react";
import { equalJson, jsonText } from "../json.js";
import { type Draft, draftValue, isTouched } from "./drafts.js";
import { boundsOf } from "./input-kind.js";

type SetDraft = Extract<Draft, { kind: "set" }>;

interface FieldInputProps {
  readonly draft: SetDraft;
  readonly label: string;
  /** What would be in force without the edit's own override; undefined: nothing, or nobody knows. */
  readonly inherited: unknown;
  readonly onPinned: (isPinned: boolean) => void;
  readonly onText: (text: string) => void;
  /** Enter: on to the review. */
  readonly onReview: () => void;
  /** Escape: no edit after all. */
  readonly onCancel: () => void;
}

export function FieldInput({
  draft,
  label,
  inherited,
  onPinned,
  onText,
  onReview,
  onCancel,
}: FieldInputProps) {
  const id = useId();
  const parsed = draftValue(draft);
  const problem = isTouched(draft) && "problem" in parsed ? parsed.problem : null;
  const canPin = draft.isPinned || ("value" in parsed && equalJson(parsed.value, inherited));
  const hints = [...boundsOf(draft.schema), ...(draft.input === "lines" ? ["one item a line"] : [])];
  const isLong = draft.input === "json" || draft.input === "lines";
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") onCancel();
    else if (event.key === "Enter" && (!isLong || event.ctrlKey || event.metaKey)) onReview();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const common = {
    id,
    "data-input": draft.pointer,
    "aria-label": label,
    "aria-invalid": problem !== null,
    "aria-describedby": problem === null && hints.length === 0 ? undefined : `${id}-hint`,
    onKeyDown,
    autoFocus: true,
  };
  return (
    <div className="field-input">
      <Control draft={draft} common={common} onText={onText} />
      {(problem !== null || hints.length > 0) && (
        <p id={`${id}-hint`} className={problem === null ? "hint" : "problem"}>
          {problem ?? hints.join(" · ")}
        </p>
      )}
      {canPin && (
        <label className="pin">
          <input
            type="checkbox"
            data-action="pin"
            checked={draft.isPinned}
            onChange={(event) => onPinned(event.target.checked)}
          />
          Keep this value even if the parent changes
        </label>
      )}
    </div>
  );
}

interface ControlProps {
  readonly draft: SetDraft;
  readonly common: object;
  readonly onText: (text: string) => void;
}

function Control({ draft, common, onText }: ControlProps) {
  const { input, text } = draft;
  if (input === "boolean")
    return (
      <label className="switch">
        <input
          {...common}
          type="checkbox"
          checked={text === "true"}
          onChange={(event) => onText(String(event.target.checked))}
        />
        <span aria-hidden="true">{text}</span>
      </label>
    );
  if (input === "choice") return <Choice draft={draft} common={common} onText={onText} />;
  if (input === "json" || input === "lines" || text.includes("\n"))
    return (
      <textarea
        {...common}
        className={input === "text" ? "" : "code"}
        rows={Math.min(16, Math.max(2, text.split("\n").length))}
        spellCheck={false}
        value={text}
        onChange={(event) => onText(event.target.value)}
      />
    );
  return (
    <input
      {...common}
      type="text"
      inputMode={input === "text" ? "text" : "decimal"}
      autoComplete="off"
      spellCheck={false}
      value={text}
      onChange={(event) => onText(event.target.value)}
    />
  );
}

function Choice({ draft, common, onText }: ControlProps) {
  const choices: unknown[] = Array.isArray(draft.schema?.enum) ? draft.schema.enum : [];
  const isKnown = choices.some((choice) => jsonText(choice) === draft.text || isSame(choice, draft.text));
  return (
    <select {...common} value={draft.text} onChange={(event) => onText(event.target.value)}>
      {!isKnown && (
        <option value={draft.text}>
          {draft.text.trim() === "" ? "Choose…" : `${draft.text} (not allowed)`}
        </option>
      )}
      {choices.map((choice) => (
        <option key={jsonText(choice)} value={jsonText(choice)}>
          {typeof choice === "string" ? choice : jsonText(choice)}
        </option>
      ))}
    </select>
  );
}

function isSame(choice: unknown, text: string): boolean {
  try {
    return equalJson(choice, JSON.parse(text));
  } catch {
    return false;
  }
}
