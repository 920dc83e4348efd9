import type { Measurements } from "../measurements.js";
import type { RunResult } from "../run.js";
import type { Machine } from "./machine.js";
import { measurementTable, memoryText, rowTable, warnings } from "./table.js";

export interface Report extends RunResult {
  readonly measurements: Measurements;
  readonly machine: Machine;
  /** Who ran on which core. */
  readonly cores: string;
}

export function printResult(report: Report, isQuick: boolean): void {
  const { machine, cores, samples, measurements } = report;
  const { cpu, cores: count, memoryGiB, system, node, redis, postgres, packages, revision, date } = machine;
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  const sections = [
    [
      `${date}, revision ${revision}${isQuick ? "; a quick look: do not quote it" : ""}`,
      `${cpu}, ${count} cores, ${memoryGiB} GiB; ${system}; Node ${node}; Redis ${redis}; ${postgres}`,
      versions.join(", "),
      cores,
    ].join("\n"),
    samples.size > 0 ? measurementTable(samples, measurements) : "",
    report.rows.length > 0 ? rowTable(report.rows, report.results, reasons(report)) : "",
    report.memory === undefined
      ? "memory: not run, ask for it with --only memory"
      : memoryText(report.memory),
    warnings(samples).join("\n"),
  ];
  process.stdout.write(`${sections.filter((section) => section !== "").join("\n\n")}\n`);
}

/** Everything, for programs. */
export function resultJson({ measurements, ...report }: Report, settings: object): string {
  const what = Object.fromEntries(
    Object.entries(measurements).map(([name, { contender, units = 1 }]) => [name, { contender, units }]),
  );
  const { rows, results, notRun, samples, memory, machine, cores } = report;
  const told = {
    machine,
    cores,
    settings,
    rows: rows.map(
      (row) => results.get(row.id) ?? { ...row, notRun: reasons({ ...report, measurements }).get(row.id) },
    ),
    memory,
    notRun: Object.fromEntries(notRun),
    measurements: [...samples].map(([name, rounds]) => ({ name, ...what[name], rounds })),
  };
  return `${JSON.stringify(told, undefined, 2)}\n`;
}

/** Why a row has no ratio: because of one of its two contenders. */
function reasons({ rows, notRun, skipped, failed, measurements }: Report): Map<string, string> {
  return new Map(
    rows.flatMap(({ id, top, bottom }) => {
      const why = skipped.get(id);
      if (why !== undefined) return [[id, why] as const];
      for (const name of [top, bottom]) {
        const failure = failed.get(name);
        if (failure !== undefined) return [[id, failure] as const];
        const contender = measurements[name]?.contender;
        const reason = contender && notRun.get(contender);
        if (reason !== undefined) return [[id, `${contender}: ${reason.split("\n")[0]}`] as const];
      }
      return [];
    }),
  );
}
