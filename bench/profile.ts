import { copyFileSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Loader } from "./loader/loader.js";
import { createMeasurements } from "./measurements.js";
import { type CpuProfile, type Share, sharesOf } from "./report/cpu-profile.js";
import { progress } from "./report/progress.js";
import { startObservedStrata } from "./servers/observed-strata.js";
import { Stage } from "./servers/stage.js";

// Where Strata's CPU goes under one kind of work: V8's sampling profiler on the server as it is.

const WORKS = {
  hot: "heavy hot lmdb",
  cold: "heavy cold lmdb",
  light: "light lmdb",
  batch: "batch lmdb",
  mixed: "mixed lmdb",
  write: "write lmdb",
} as const;
const ACCOUNTS = 20_000;
const CONNECTIONS = 16;
const WARM_MS = 8_000;
const SHOWN_FUNCTIONS = 40;
const SHOWN_PARTS = 30;
const INTERRUPTED = 130;

const { values: options } = parseArgs({
  options: {
    work: { type: "string", default: "hot" },
    store: { type: "string", default: "lmdb" },
    seconds: { type: "string", default: "10" },
    save: { type: "string" },
  },
});
const { work, store } = options;
if (!(work in WORKS) || (store !== "lmdb" && store !== "redis"))
  throw new Error(
    `Usage: npm run bench:profile -- --work ${Object.keys(WORKS).join("|")} --store lmdb|redis`,
  );

const stage = new Stage({ accounts: ACCOUNTS, ownEvery: 1, larger: false });
process.once("SIGINT", () => {
  stage.close().then(() => process.exit(INTERRUPTED));
});
try {
  await profile(WORKS[work as keyof typeof WORKS], store);
} finally {
  await stage.close();
}

async function profile(name: string, kind: "lmdb" | "redis"): Promise<void> {
  const server = await startObservedStrata(stage, kind, stage.population);
  const measurement = createMeasurements(ACCOUNTS, "aliases")[name];
  if (measurement === undefined) throw new Error(`There is no ${name}.`);
  const { template, other, order } = measurement;
  const connections = CONNECTIONS;
  const load = { name, port: server.port, template, order, connections, ...(other && { other }) };
  const loader = await Loader.start(stage);
  progress(`warming up: ${name}`);
  await loader.run(load, { milliseconds: WARM_MS });
  progress(`profiling: ${name}`);
  await server.ask({ ask: "startProfile" });
  const before = server.cpu().own;
  const { requests } = await loader.run(load, { milliseconds: Number(options.seconds) * 1_000 });
  const cpu = server.cpu().own - before;
  const file = stage.path("server.cpuprofile");
  await server.ask({ ask: "stopProfile", file });
  if (options.save !== undefined) copyFileSync(file, options.save);
  const { functions, parts } = sharesOf(JSON.parse(readFileSync(file, "utf8")) as CpuProfile);
  const each = Math.round((cpu * 1_000) / requests);
  process.stdout.write(
    `${name} on ${kind}: ${requests} requests, ${each} µs of CPU each, profiler included\n`,
  );
  print("part", parts.slice(0, SHOWN_PARTS));
  print("function, by its own time", functions.slice(0, SHOWN_FUNCTIONS));
  const whole = functions.toSorted((a, b) => b.inclusive - a.inclusive);
  print("function, with all that it calls", whole.slice(0, 2 * SHOWN_FUNCTIONS));
}

function print(head: string, shares: readonly Share[]): void {
  const lines = shares.map(({ name, self, inclusive }) => `${percent(self)} ${percent(inclusive)}  ${name}`);
  process.stdout.write(`\n  self    all  ${head}\n${lines.join("\n")}\n`);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1).padStart(5)}%`;
}
