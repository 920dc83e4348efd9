import { CONTENDERS, type Contender, type ContenderName } from "./contenders.js";
import { differences, heavyBytes } from "./equal-answers.js";
import { Loader } from "./loader/loader.js";
import type { Measurements } from "./measurements.js";
import { type MemoryResult, measureMemory } from "./memory.js";
import { contendersOf } from "./options.js";
import { progress } from "./report/progress.js";
import { type RowResult, resultOf } from "./report/ratios.js";
import { measureInTurns, type Rounds, type Samples } from "./rounds.js";
import type { Row } from "./rows.js";
import type { Server } from "./servers/server.js";
import type { Stage } from "./servers/stage.js";
import { heavy } from "./workload/queries.js";

export interface Plan {
  readonly rows: readonly Row[];
  /** Rows that this run leaves out, with the reason. */
  readonly skipped: ReadonlyMap<string, string>;
  readonly rounds: Rounds;
  /** When the rounds have to be over, in the clock of `performance.now()`. */
  readonly roundsEnd: number;
  /** Undefined: the memory row was not asked for. */
  readonly memory: { readonly requests: number; readonly end: number } | undefined;
}

export interface RunResult {
  readonly rows: readonly Row[];
  readonly results: ReadonlyMap<string, RowResult>;
  /** Why a contender was not measured. */
  readonly notRun: ReadonlyMap<ContenderName, string>;
  readonly skipped: ReadonlyMap<string, string>;
  /** Whose answers are other ones than Strata's; they are not measured. */
  readonly differing: ReadonlySet<ContenderName>;
  /** Why a measurement was broken off. */
  readonly failed: ReadonlyMap<string, string>;
  readonly samples: Samples;
  readonly memory: MemoryResult | undefined;
}

const LEAST_MS = 1_000;
const LEAST_WARM_MS = 1_000;
/** Of what was planned: shorter rounds would say nothing. */
const LEAST_SHARE = 0.3;
const DEFAULT_BODY = 6_000;

/** Starts what the rows need, checks that the same work gives the same answers, and measures. */
export async function run(stage: Stage, plan: Plan, measurements: Measurements): Promise<RunResult> {
  const { rows, skipped, memory } = plan;
  const names = new Set(
    rows.filter(({ id }) => !skipped.has(id)).flatMap(({ top, bottom }) => [bottom, top]),
  );
  const notRun = new Map<ContenderName, string>();
  const loader = await Loader.start(stage);
  const servers = await startAll(stage, contendersOf(names, measurements), notRun);
  const differing = await checkAnswers(servers, measurements, notRun);
  const running = new Map(
    Object.entries(measurements).flatMap(([name, measurement]) => {
      const server = servers.get(measurement.contender);
      return names.has(name) && server !== undefined ? [[name, { measurement, server }] as const] : [];
    }),
  );
  const { samples, failed } = await measureInTurns(running, loader, fitted(plan, running.size), progress);
  const results = rows.flatMap((row) =>
    skipped.has(row.id) ? [] : (resultOf(row, samples, measurements) ?? []),
  );
  const stopped = [...servers.values()].map((server) => server.stop());
  await Promise.all(stopped);
  const milliseconds = Math.max(LEAST_MS, (memory?.end ?? 0) - performance.now());
  return {
    rows,
    results: new Map(results.map((result) => [result.id, result])),
    notRun,
    skipped,
    differing,
    failed,
    samples,
    memory: memory && (await measureMemory(stage, loader, { ...memory, milliseconds }, progress)),
  };
}

/** What cannot be started is told with its reason, and the rest goes on without it. */
async function startAll(
  stage: Stage,
  names: readonly ContenderName[],
  notRun: Map<ContenderName, string>,
): Promise<Map<ContenderName, Server>> {
  const servers = new Map<ContenderName, Server>();
  const start = async (name: ContenderName, bodyBytes: number): Promise<void> => {
    const contender: Contender = CONTENDERS[name];
    try {
      const server = await contender.start(stage, bodyBytes);
      stage.onClose(() => server.stop());
      servers.set(name, server);
      progress(`started: ${name}, ${contender.what}`);
    } catch (error) {
      notRun.set(name, (error as Error).message);
      progress(`NOT RUN: ${name}: ${(error as Error).message}`);
    }
  };
  progress(`filling stores, starting ${names.join(", ")}`);
  await Promise.all(names.filter((name) => name !== "static").map((name) => start(name, 0)));
  const strata = servers.get("strata-lmdb");
  const bytes = strata === undefined ? DEFAULT_BODY : await heavyBytes(strata.port, heavy());
  progress(`the heavy answer has ${bytes} bytes`);
  if (names.includes("static")) await start("static", bytes);
  return servers;
}

async function checkAnswers(
  servers: Map<ContenderName, Server>,
  measurements: Measurements,
  notRun: Map<ContenderName, string>,
): Promise<Set<ContenderName>> {
  const running = new Map(
    [...servers].flatMap(([name, server]) => {
      const measurement = Object.values(measurements).find(({ contender }) => contender === name);
      return measurement === undefined ? [] : [[name, { measurement, server }] as const];
    }),
  );
  const differing = await differences(running);
  for (const [name, difference] of differing) {
    await servers.get(name)?.stop();
    servers.delete(name);
    notRun.set(name, `its answer is another one: ${difference}`);
    progress(`NOT RUN: ${name}: its answer is another one: ${difference}`);
  }
  return new Set(differing.keys());
}

/** As long as was planned, or as the time that is left allows: rounds come first, warming up has what they leave. */
function fitted({ rounds, roundsEnd }: Plan, measurements: number): Rounds {
  const each = (roundsEnd - performance.now()) / Math.max(1, measurements);
  const share = Math.min(1, Math.max(LEAST_SHARE, (each - LEAST_WARM_MS) / (rounds.rounds * rounds.roundMs)));
  const roundMs = rounds.roundMs * share;
  const warmMs = Math.min(rounds.warmMs, Math.max(LEAST_WARM_MS, each - rounds.rounds * roundMs));
  return { ...rounds, warmMs, roundMs };
}
