import { writeFileSync } from "node:fs";
import { createMeasurements, type Measurements } from "./measurements.js";
import { HELP, type Options, readOptions, wantedRows } from "./options.js";
import { describeMachine } from "./report/machine.js";
import { printResult, resultJson } from "./report/print.js";
import { progress } from "./report/progress.js";
import { MEMORY, type Row } from "./rows.js";
import { type Plan, run } from "./run.js";
import { Stage } from "./servers/stage.js";

interface Span {
  /** All of a run, in milliseconds, and how much of it the memory row is left at its end. */
  readonly all: number;
  readonly memory: number;
  readonly accounts: number;
  readonly requests: number;
  readonly rounds: number;
  readonly roundMs: number;
  readonly warmMs: number;
}

const FULL: Span = {
  all: 580_000,
  memory: 240_000,
  accounts: 100_000,
  requests: 1_000_000,
  rounds: 9,
  roundMs: 800,
  warmMs: 20_000,
};
const QUICK: Span = {
  all: 80_000,
  memory: 0,
  accounts: 20_000,
  requests: 100_000,
  rounds: 5,
  roundMs: 300,
  warmMs: 2_000,
};
/** Asked for by itself, the memory row has the time that its requests take. */
const MEMORY_ALONE_MS = 1_200_000;
/** By then V8 has compiled what a request for an account that nobody asked for before goes through. */
const WARM_REQUESTS = 40_000;
const CONNECTIONS = 16;
const INTERRUPTED = 130;

const options = readOptions(process.argv.slice(2));
if (options.help) process.stdout.write(HELP);
else await bench(options);

async function bench(options: Options): Promise<void> {
  const span = options.quick ? QUICK : FULL;
  const stage = new Stage({ accounts: span.accounts, ownEvery: 1, larger: false });
  const stop = (signal: NodeJS.Signals): void => {
    progress(`${signal}: ending everything that was started`);
    stage.close().then(() => process.exit(INTERRUPTED));
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    const measurements = createMeasurements(span.accounts, options.batch);
    const result = await run(stage, planOf(options, span, measurements), measurements);
    const report = { ...result, measurements, machine: describeMachine(stage.root), cores: stage.cores.told };
    const json = resultJson(report, { ...options, ...span, connections: CONNECTIONS });
    if (options.json === "-") process.stdout.write(json);
    else printResult(report, options.quick);
    if (options.json !== undefined && options.json !== "-") writeFileSync(options.json, json);
    // What is missing on a machine is no failure; an answer that is another one than expected is.
    if (result.failed.size > 0 || result.differing.size > 0) process.exitCode = 1;
  } finally {
    await stage.close();
  }
}

function planOf(options: Options, span: Span, measurements: Measurements): Plan {
  const rows = wantedRows(options, measurements);
  const now = performance.now();
  const isMemoryWanted = options.only?.has(MEMORY.id) ?? !options.quick;
  const isMemoryAlone = isMemoryWanted && rows.length === 0;
  return {
    rows,
    skipped: options.quick ? skippedInHaste(rows, options) : new Map(),
    rounds: {
      rounds: span.rounds,
      connections: CONNECTIONS,
      roundMs: span.roundMs,
      warmRequests: WARM_REQUESTS,
      warmMs: span.warmMs,
    },
    roundsEnd: now + span.all - (isMemoryWanted ? span.memory : 0),
    memory: isMemoryWanted
      ? { requests: span.requests, end: now + (isMemoryAlone ? MEMORY_ALONE_MS : span.all) }
      : undefined,
  };
}

/** What a quick look has no time for: a million accounts, and what has no target and was not asked for by name. */
function skippedInHaste(rows: readonly Row[], { only }: Options): Map<string, string> {
  const skipped = rows.filter(({ id, target }) => id === "accounts" || (target === undefined && !only));
  return new Map(skipped.map(({ id }) => [id, "not part of --quick"]));
}
