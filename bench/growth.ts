import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Loader } from "./loader/loader.js";
import type { Work } from "./measurements.js";
import { describeMachine } from "./report/machine.js";
import { progress } from "./report/progress.js";
import { type RowResult, resultOf } from "./report/ratios.js";
import { measurementTable, rowTable, warnings } from "./report/table.js";
import { measureInTurns } from "./rounds.js";
import type { Row } from "./rows.js";
import type { Server } from "./servers/server.js";
import { Stage } from "./servers/stage.js";
import { startStrata } from "./servers/strata.js";
import { PER_RESELLER, type Population } from "./workload/accounts.js";
import { batch, heavy, light } from "./workload/queries.js";
import { FIELD_COUNTS } from "./workload/settings.js";

// How the cost of a request grows with what there is: accounts in the store, configs in one query, fields in a document.
// Everything on LMDB, measured in turns, as `npm run bench` does it.

const { values: options } = parseArgs({
  options: { json: { type: "string" }, quick: { type: "boolean", default: false } },
});
const SIZES = options.quick ? [1_000, 100_000] : [1_000, 100_000, 1_000_000];
const ROUNDS = options.quick
  ? { rounds: 5, connections: 16, warmRequests: 2_000, warmMs: 1_000, roundMs: 300 }
  : { rounds: 9, connections: 16, warmRequests: 6_000, warmMs: 12_000, roundMs: 800 };
const CONFIGS = [1, 10, 100];
const WORKING_SET = 1_000;
const INTERRUPTED = 130;

interface Growth {
  readonly measurement: Work;
  readonly server: Server;
}

const stage = new Stage({ accounts: WORKING_SET, ownEvery: 1, larger: true });
const stop = (): void => {
  stage.close().then(() => process.exit(INTERRUPTED));
};
process.once("SIGINT", stop).once("SIGTERM", stop);
try {
  await grow();
} finally {
  await stage.close();
}

async function grow(): Promise<void> {
  const loader = await Loader.start(stage);
  progress(`filling stores of ${SIZES.join(", ")} accounts`);
  const all = new Map(await Promise.all(SIZES.map(bySize)));
  // Not the smallest of those: what it does besides would warm it up, and not the others.
  const server = await started("queries", stage.population);
  for (const [name, measurement] of [...byConfigs(), ...byFields()]) all.set(name, { measurement, server });
  const { samples, failed } = await measureInTurns(all, loader, ROUNDS, progress);
  const works = Object.fromEntries([...all].map(([name, { measurement }]) => [name, measurement]));
  const rows = rowsOf();
  const results = new Map<string, RowResult>();
  for (const row of rows) {
    const result = resultOf(row, samples, works);
    if (result !== undefined) results.set(row.id, result);
  }
  const machine = describeMachine(stage.root);
  const told = { machine, cores: stage.cores.told, rows: [...results.values()], measurements: [...samples] };
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(told, undefined, 2)}\n`);
  const head = `${machine.date}, revision ${machine.revision}, Node ${machine.node}; ${stage.cores.told}`;
  const tables = [head, measurementTable(samples, works), rowTable(rows, results, failed)];
  if (failed.size > 0) process.exitCode = 1;
  process.stdout.write(`${[...tables, ...warnings(samples)].join("\n\n")}\n`);
}

/** Questions for a thousand accounts, spread over stores of different sizes; each that is asked for has a document. */
async function bySize(accounts: number): Promise<[string, Growth]> {
  const population = { accounts, ownEvery: accounts === WORKING_SET ? 1 : 10, larger: false };
  const order = { kind: "inTurn", count: WORKING_SET, step: accounts / WORKING_SET } as const;
  const server = await started(`accounts-${accounts}`, population);
  return [accountsName(accounts), { measurement: { template: heavy(), order }, server }];
}

async function started(name: string, population: Population): Promise<Server> {
  const server = await startStrata(stage, name, { store: "lmdb", population });
  stage.onClose(() => server.stop());
  progress(`started: ${name}`);
  return server;
}

function* byConfigs(): Generator<[string, Work]> {
  for (const configs of CONFIGS) {
    const order = { kind: "inTurn", count: WORKING_SET / configs, step: configs } as const;
    yield [
      `light, configs in a query: ${configs}`,
      { template: batch("aliases", configs), order, units: configs },
    ];
    // A hundred heavy ones together would be over the limit of a query's cost.
    if (configs < PER_RESELLER)
      yield [
        `heavy, configs in a query: ${configs}`,
        { template: batch("aliases", configs, "heavy"), order, units: configs },
      ];
  }
}

function* byFields(): Generator<[string, Work]> {
  const order = { kind: "inTurn", count: PER_RESELLER, step: 1 } as const;
  for (const [config, fields] of Object.entries(FIELD_COUNTS) as [keyof typeof FIELD_COUNTS, number][]) {
    yield [`heavy, fields: ${fields}`, { template: heavy(config), order, units: fields }];
    yield [`light, fields: ${fields}`, { template: light(config), order, units: fields }];
  }
}

function rowsOf(): Row[] {
  const row = (top: string, bottom: string, target?: number): Row => ({
    id: top,
    what: `÷ ${bottom}`,
    top,
    bottom,
    ...(target !== undefined && { target }),
  });
  const larger = SIZES.filter((accounts) => accounts > WORKING_SET);
  return [
    ...larger.map((accounts) => row(accountsName(accounts), accountsName(WORKING_SET), 0.9)),
    row("light, configs in a query: 10", "light, configs in a query: 1"),
    row("light, configs in a query: 100", "light, configs in a query: 1"),
    row("heavy, configs in a query: 10", "heavy, configs in a query: 1"),
    ...["heavy", "light"].flatMap((kind) =>
      [300, 3_000].map((fields) => row(`${kind}, fields: ${fields}`, `${kind}, fields: 30`)),
    ),
  ];
}

function accountsName(accounts: number): string {
  return `heavy, accounts: ${accounts}`;
}
