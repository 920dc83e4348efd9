import { useId, useRef } from "react";
import { setParameters } from "../route/navigation.js";
import { exactTime } from "../ui/time.js";

/** Chooses the moment that the whole screen shows. */
export function AsOfPicker({ asOf }: { asOf: string | null }) {
  const id = useId();
  const popover = useRef<HTMLDivElement>(null);
  const show = (moment: Date) => {
    if (Number.isNaN(moment.getTime())) return;
    popover.current?.hidePopover();
    setParameters({ asOf: moment.toISOString(), show: null, since: null }, { replace: false });
  };
  return (
    <div className="as-of">
      <button type="button" popoverTarget={id} data-action="as-of">
        {asOf === null ? "As of now" : `As of ${exactTime(asOf)}`}
      </button>
      <div ref={popover} id={id} popover="auto" className="pop">
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            show(new Date(String(new FormData(event.currentTarget).get("moment"))));
          }}
        >
          <label>
            The config as it was at
            <input
              name="moment"
              type="datetime-local"
              step={1}
              required
              data-input="as-of"
              defaultValue={localText(asOf === null ? new Date() : new Date(asOf))}
            />
          </label>
          <div className="buttons">
            {AGO.map(([name, minutes]) => (
              <button key={name} type="button" onClick={() => show(new Date(Date.now() - minutes * 60_000))}>
                {name}
              </button>
            ))}
          </div>
          <button type="submit" className="primary">
            Show
          </button>
        </form>
      </div>
    </div>
  );
}

const AGO = [
  ["1 hour ago", 60],
  ["1 day ago", 1_440],
  ["1 week ago", 10_080],
] as const;

/** As the browser's input for moments wants it: in the time zone of whoever looks. */
export function localText(moment: Date): string {
  if (Number.isNaN(moment.getTime())) return "";
  const shifted = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19);
}

export function AsOfBar({ asOf, isSchemaChanged }: { asOf: string; isSchemaChanged: boolean }) {
  return (
    <div className="as-of-bar" role="status">
      <p>
        This is the past: as it was at <time dateTime={asOf}>{exactTime(asOf)}</time>. Nothing can be edited
        here.
        {isSchemaChanged && " Other schemas were served then; it is seen under those of today."}
      </p>
      <button
        type="button"
        data-action="now"
        onClick={() => setParameters({ asOf: null }, { replace: false })}
      >
        Back to now
      </button>
    </div>
  );
}
