import type { Work } from "../measurements.js";
import type { MemoryResult } from "../memory.js";
import type { Samples } from "../rounds.js";
import type { Row } from "../rows.js";
import { median, type Ratio, type RowResult } from "./ratios.js";

const BUSY = 0.9;
const VERDICT = "";
const TEXT_COLUMNS = new Set(["measured", "row", "what", VERDICT]);

/** What was measured, one line each; the middle of all rounds. */
export function measurementTable(samples: Samples, measurements: Readonly<Record<string, Work>>): string {
  const head = ["measured", "req/s", "CPU µs", "db µs", "p50 ms", "p99 ms", "server", "loader"];
  const lines = [...samples].map(([name, rounds]) => {
    const middle = (pick: (sample: (typeof rounds)[number]) => number) => median(rounds.map(pick));
    const units = measurements[name]?.units ?? 1;
    return [
      units === 1 ? name : `${name} (× ${units})`,
      whole(middle(({ rate }) => rate)),
      whole(middle(({ cpu }) => cpu)),
      rounds.some(({ databaseCpu }) => databaseCpu !== undefined)
        ? whole(middle(({ databaseCpu = 0 }) => databaseCpu))
        : "",
      middle(({ p50 }) => p50).toFixed(2),
      middle(({ p99 }) => p99).toFixed(2),
      percent(middle(({ serverBusy }) => serverBusy)),
      percent(middle(({ loaderBusy }) => loaderBusy)),
    ];
  });
  return aligned([head, ...lines]);
}

/** What was promised, one line each: both ratios have to reach the target. */
export function rowTable(
  rows: readonly Row[],
  results: ReadonlyMap<string, RowResult>,
  notRun: ReadonlyMap<string, string>,
): string {
  const head = ["row", "what", "by req/s", "by CPU", "target", VERDICT];
  const lines = rows.map((row) => {
    const result = results.get(row.id);
    const target = row.target === undefined ? "" : `≥ ${row.target}`;
    if (result === undefined)
      return [row.id, row.what, "", "", target, `not run: ${notRun.get(row.id) ?? "not asked for"}`];
    const { rate, cpu, reached } = result;
    return [row.id, row.what, spread(rate), spread(cpu), target, verdict(reached, target === "")];
  });
  return aligned([head, ...lines]);
}

export function memoryText({ wanted, requests, heap, growth, reached }: MemoryResult): string {
  const way = heap.map((megabytes) => megabytes.toFixed(2)).join(" ");
  const made =
    requests < wanted ? `${requests} of ${wanted} requests, no time for more` : `${requests} requests`;
  return `memory: ${growth.toFixed(2)} MB more heap than at its least, after ${made} (target ≤ 1): ${verdict(reached, false)}\n  MB on the way: ${way}`;
}

/** What the reader has to know before quoting a number. */
export function warnings(samples: Samples): string[] {
  return [...samples].flatMap(([name, rounds]) => {
    const loader = median(rounds.map(({ loaderBusy }) => loaderBusy));
    return loader > BUSY
      ? [`${name}: the load generator used ${percent(loader)} of its core: it may be the limit`]
      : [];
  });
}

function verdict(reached: boolean | undefined, isInformation: boolean): string {
  if (isInformation) return "";
  if (reached === undefined) return "NOT KNOWN";
  return reached ? "reached" : "NOT REACHED";
}

function spread({ median: middle, least, most }: Ratio): string {
  return `${middle.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`;
}

function whole(number: number): string {
  return Number.isNaN(number) ? "–" : Math.round(number).toLocaleString("en");
}

function percent(share: number): string {
  return Number.isNaN(share) ? "–" : `${Math.round(share * 100)} %`;
}

/** Words to the left, numbers to the right. */
function aligned(lines: readonly (readonly string[])[]): string {
  const columns = (lines[0] ?? []).map((head, column) => ({
    width: Math.max(...lines.map((line) => line[column]?.length ?? 0)),
    isText: TEXT_COLUMNS.has(head),
  }));
  const cell = (text: string, column: number): string => {
    const { width = 0, isText = true } = columns[column] ?? {};
    return isText ? text.padEnd(width) : text.padStart(width);
  };
  return lines.map((line) => line.map(cell).join("  ").trimEnd()).join("\n");
}
