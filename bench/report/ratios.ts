import type { Work } from "../measurements.js";
import type { Sample, Samples } from "../rounds.js";
import type { Row } from "../rows.js";

/** The middle of what the rounds came to, and how far they were apart. */
export interface Ratio {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export interface RowResult extends Row {
  /** How many times as many a second. */
  readonly rate: Ratio;
  /** How many times as many for the same CPU. */
  readonly cpu: Ratio;
  /** Undefined without a target. Both ratios have to reach it. */
  readonly reached: boolean | undefined;
}

/** Each round's ratio by itself, the median of them. Undefined when one of the two was not measured. */
export function resultOf(
  row: Row,
  samples: Samples,
  measurements: Readonly<Record<string, Work>>,
): RowResult | undefined {
  const [top, bottom] = [samples.get(row.top), samples.get(row.bottom)];
  if (top === undefined || bottom === undefined) return undefined;
  const units = (measurements[row.top]?.units ?? 1) / (measurements[row.bottom]?.units ?? 1);
  const pairs = top.flatMap((sample, round) => {
    const other = bottom[round];
    return other === undefined ? [] : [[sample, other] as const];
  });
  const spent = ({ cpu, databaseCpu = 0 }: Sample) => (row.withDatabase ? cpu + databaseCpu : cpu);
  const rate = ratioOf(pairs.map(([a, b]) => (a.rate / b.rate) * units));
  const cpu = ratioOf(pairs.map(([a, b]) => (spent(b) / spent(a)) * units));
  const { target } = row;
  const reached = target === undefined ? undefined : rate.median >= target && cpu.median >= target;
  return { ...row, rate, cpu, reached };
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

function ratioOf(numbers: readonly number[]): Ratio {
  return { median: median(numbers), least: Math.min(...numbers), most: Math.max(...numbers) };
}
