import type { LayerKind } from "../api/operations.generated.js";
import type { Row } from "./row.js";

/** Which rows are shown. `own` is what is overridden at this very place. */
export type Show = "all" | "own" | "RESELLER" | "SYSTEM" | "SCHEMA" | "problems" | "changed";

export interface Filter {
  readonly show: Show;
  readonly words: string;
}

const SHOWS: readonly Show[] = ["all", "own", "RESELLER", "SYSTEM", "SCHEMA", "problems", "changed"];

export function parseShow(text: string | null): Show {
  return SHOWS.find((show) => show === text) ?? "all";
}

/** @param changed pointers of what changed since the moment of the filter */
export function filterRows(
  rows: readonly Row[],
  { show, words }: Filter,
  own: LayerKind,
  changed: ReadonlySet<string> | null,
): readonly Row[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (show === "all" && wanted.length === 0) return rows;
  const isShown = (row: Row): boolean => {
    if (show === "problems" && row.problems.length === 0) return false;
    if (show === "changed" && !changed?.has(row.pointer)) return false;
    if (show === "own" && row.field?.source.kind !== own) return false;
    const isLayer = show === "RESELLER" || show === "SYSTEM" || show === "SCHEMA";
    if (isLayer && row.field?.source.kind !== show) return false;
    return wanted.every((word) => row.text.includes(word));
  };
  return rows.filter(isShown);
}

/** How many rows each layer decides, and how many have problems. */
export function countRows(rows: readonly Row[]): ReadonlyMap<LayerKind | "problems", number> {
  const counts = new Map<LayerKind | "problems", number>();
  const add = (name: LayerKind | "problems") => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const { field, problems } of rows) {
    if (field !== undefined) add(field.source.kind);
    if (problems.length > 0) add("problems");
  }
  return counts;
}
