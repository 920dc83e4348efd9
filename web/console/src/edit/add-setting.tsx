import { type FormEvent, useEffect, useId, useMemo, useState } from "react";
import { messageOf } from "../api/api-error.js";
import { SettingSchemasDocument } from "../api/operations.generated.js";
import type { Place } from "../config/place.js";
import type { JsonObject } from "../json.js";
import { pointerProblem } from "../pointer.js";
import { useSession } from "../session/session.js";
import { Dialog } from "../ui/dialog.js";
import { useLoad } from "../use-load.js";
import { declaredSettings, schemaAt } from "./setting-schema.js";

interface AddSettingProps {
  readonly title: string;
  readonly place: Place;
  /** Pointers that have a row already. */
  readonly known: ReadonlySet<string>;
  readonly onAdd: (pointer: string, schema: JsonObject | null) => void;
  readonly onClose: () => void;
}

/** Asks for a setting that has no row yet. */
export function AddSetting({ title, place, known, onAdd, onClose }: AddSettingProps) {
  const { api } = useSession();
  const id = useId();
  const [pointer, setPointer] = useState("");
  const [isSubmitted, setSubmitted] = useState(false);
  const { data, error, isLoading } = useLoad(place.configId, async () => {
    const { configSchema } = await api.run(SettingSchemasDocument, { configId: place.configId });
    const system = place.accountId === null ? configSchema?.systemSchema : null;
    return system ?? configSchema?.accountSchema ?? null;
  });
  const settings = useMemo(
    () => declaredSettings(data ?? null).filter((setting) => !known.has(setting.pointer)),
    [data, known],
  );
  const problem = pointer === "" ? null : pointerProblem(pointer);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (pointerProblem(pointer) === null) setSubmitted(true);
  };
  useEffect(() => {
    // The schema says which input the setting gets. Without one it gets the input of any JSON.
    if (isSubmitted && !isLoading) onAdd(pointer, schemaAt(data ?? null, pointer));
  });
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit} className="stack">
        <label htmlFor={id}>Where the setting is</label>
        <input
          id={id}
          data-input="pointer"
          list={`${id}-list`}
          type="text"
          autoComplete="off"
          spellCheck={false}
          placeholder="/profiles/town_hall/max-members"
          value={pointer}
          aria-describedby={`${id}-hint`}
          readOnly={isSubmitted}
          onChange={(event) => setPointer(event.target.value)}
        />
        <datalist id={`${id}-list`}>
          {settings.map((setting) => (
            <option key={setting.pointer} value={setting.pointer}>
              {setting.title ?? setting.pointer}
            </option>
          ))}
        </datalist>
        <p id={`${id}-hint`} className={problem === null ? "hint" : "problem"}>
          {error === undefined
            ? (problem ?? `${settings.length} declared settings have no value yet.`)
            : messageOf(error)}
        </p>
        <footer className="buttons">
          <button type="button" onClick={onClose}>
            Back
          </button>
          <button type="submit" className="primary" disabled={pointerProblem(pointer) !== null}>
            {isSubmitted ? "Reading its schema…" : "Go on"}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
