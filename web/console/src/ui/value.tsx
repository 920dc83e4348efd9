import { jsonLines, jsonText } from "../json.js";

/** Longer texts are cut in a row; the ladder shows them whole. */
const SHORT = 200;

/** A JSON value. Strings keep their quotes: "5" and 5 are not the same. */
export function Value({ value, isLong = false }: { value: unknown; isLong?: boolean }) {
  if (value === undefined || value === null) return <span className="value none">not set</span>;
  if (isLong && typeof value === "object") return <pre className="value long">{jsonLines(value)}</pre>;
  const text = jsonText(value);
  const shown = isLong || text.length <= SHORT ? text : `${text.slice(0, SHORT)}…`;
  return (
    <span className="value" data-type={Array.isArray(value) ? "array" : typeof value}>
      {shown}
    </span>
  );
}
