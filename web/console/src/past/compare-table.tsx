import { useMemo, useState } from "react";
import type { ConfigView } from "../config/config-source.js";
import { SourceChip } from "../config/source-chip.js";
import { Time } from "../ui/time.js";
import { Value } from "../ui/value.js";
import { type Compared, compareConfigs, type Side } from "./compare.js";

interface CompareTableProps {
  readonly left: ConfigView;
  readonly right: ConfigView;
  readonly leftName: string;
  readonly rightName: string;
}

/** So many rows are shown at first. */
const SHOWN = 200;

export function CompareTable({ left, right, leftName, rightName }: CompareTableProps) {
  const [isAll, setAll] = useState(false);
  const [most, setMost] = useState(SHOWN);
  const compared = useMemo(() => compareConfigs(left, right), [left, right]);
  const different = compared.filter(({ isSame }) => !isSame);
  const shown = isAll ? compared : different;
  return (
    <>
      <p role="status" className="compare-summary">
        {different.length === 0
          ? "Both have the same values."
          : `${different.length} of ${compared.length} fields differ.`}{" "}
        <label>
          <input type="checkbox" checked={isAll} onChange={(event) => setAll(event.target.checked)} /> Show
          equal fields, too
        </label>
      </p>
      <div className="compare-rows">
        <div className="compare-row compare-head" aria-hidden="true">
          <span>Field</span>
          <span>{leftName}</span>
          <span>{rightName}</span>
        </div>
        <ul>
          {shown.slice(0, most).map((field) => (
            <CompareRow key={field.pointer} field={field} leftName={leftName} rightName={rightName} />
          ))}
        </ul>
      </div>
      {shown.length > most && (
        <button type="button" onClick={() => setMost(most + SHOWN)}>
          {shown.length - most} more
        </button>
      )}
    </>
  );
}

function CompareRow({
  field,
  leftName,
  rightName,
}: {
  field: Compared;
  leftName: string;
  rightName: string;
}) {
  return (
    <li className="compare-row" data-compared={field.pointer} data-same={field.isSame || undefined}>
      <span>
        {field.title !== null && <bdi className="row-title">{field.title}</bdi>}
        <code className="row-pointer">{field.pointer}</code>
      </span>
      <SideCell side={field.left} name={leftName} />
      <SideCell side={field.right} name={rightName} />
    </li>
  );
}

function SideCell({ side, name }: { side: Side | undefined; name: string }) {
  return (
    <span className="compare-side">
      <span className="visually-hidden">{name}: </span>
      {side === undefined ? <span className="none">not there</span> : <Value value={side.value} />}
      {side && <SourceChip kind={side.source} />}
      {side?.lastChange && (
        <span className="hint">
          <bdi>{side.lastChange.actor}</bdi> <Time at={side.lastChange.at} />
        </span>
      )}
    </span>
  );
}
