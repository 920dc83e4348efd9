import { useState } from "react";
import type { LayerKind } from "../api/operations.generated.js";
import { setParameters } from "../route/navigation.js";
import type { Show } from "./filters.js";
import { LAYER_NAMES } from "./layer-name.js";

interface FilterBarProps {
  readonly show: Show;
  readonly words: string;
  readonly onWords: (words: string) => void;
  readonly since: string | null;
  readonly own: LayerKind;
  readonly layers: readonly LayerKind[];
  readonly counts: ReadonlyMap<LayerKind | "problems", number>;
  readonly shown: number;
  readonly total: number;
}

export function FilterBar(props: FilterBarProps) {
  const { show, words, onWords, own, layers, counts, shown, total, since } = props;
  const below = layers.filter((kind) => kind !== own);
  const chips: [Show, string, number][] = [
    ["all", "All", total],
    ["own", "Overridden here", counts.get(own) ?? 0],
    ...below.map((kind): [Show, string, number] => [kind as Show, LAYER_NAMES[kind], counts.get(kind) ?? 0]),
    ["problems", "Problems", counts.get("problems") ?? 0],
  ];
  return (
    <search className="filters">
      <label className="search">
        <span className="visually-hidden">Search pointers, titles and values</span>
        <input
          type="search"
          data-action="search"
          placeholder="Search pointers, titles, values  ( / )"
          value={words}
          onChange={(event) => onWords(event.target.value)}
        />
      </label>
      <fieldset className="shows">
        <legend className="visually-hidden">Which fields</legend>
        {chips.map(([value, name, count]) => (
          <button
            key={value}
            type="button"
            data-show={value}
            aria-pressed={show === value}
            onClick={() => setParameters({ show: value === "all" ? null : value, since: null })}
          >
            {name} <span className="count">{count.toLocaleString("en")}</span>
          </button>
        ))}
        <SinceSelect show={show} since={since} />
      </fieldset>
      <p className="visually-hidden" role="status">
        {shown} of {total} fields
      </p>
    </search>
  );
}

const MINUTE = 60_000;
const SPANS: readonly (readonly [string, number])[] = [
  ["in the last hour", 60 * MINUTE],
  ["in the last day", 24 * 60 * MINUTE],
  ["in the last week", 7 * 24 * 60 * MINUTE],
  ["in the last 30 days", 30 * 24 * 60 * MINUTE],
];

function SinceSelect({ show, since }: { show: Show; since: string | null }) {
  const [custom, setCustom] = useState(false);
  const choose = (value: string) => {
    setCustom(value === "custom");
    if (value === "") setParameters({ show: null, since: null });
    else if (value !== "custom" && value !== "given")
      setParameters({ show: "changed", since: new Date(Date.now() - Number(value)).toISOString() });
  };
  const isGiven = show === "changed" && since !== null;
  return (
    <>
      <select
        aria-label="Changed since"
        data-show="changed"
        className={isGiven ? "is-on" : ""}
        value={custom ? "custom" : isGiven ? "given" : ""}
        onChange={(event) => choose(event.target.value)}
      >
        <option value="">Changed…</option>
        {isGiven && <option value="given">Changed since {new Date(since).toLocaleString("en-GB")}</option>}
        {SPANS.map(([name, length]) => (
          <option key={name} value={length}>
            {name}
          </option>
        ))}
        <option value="custom">since a moment…</option>
      </select>
      {custom && (
        <input
          type="datetime-local"
          aria-label="Changed since this moment"
          step={1}
          onChange={(event) => {
            const moment = new Date(event.target.value);
            if (!Number.isNaN(moment.getTime()))
              setParameters({ show: "changed", since: moment.toISOString() });
          }}
        />
      )}
    </>
  );
}
