import { parseArgs } from "node:util";
import { median } from "./report/ratios.js";
import { SHARED_CORES } from "./servers/cores.js";
import { Stage } from "./servers/stage.js";
import { startStrata } from "./servers/strata.js";
import { accountId, type Population } from "./workload/accounts.js";
import { BusyNeighbour } from "./workload/busy-neighbour.js";
import { ConfigFollowers } from "./workload/config-followers.js";
import { documentOf } from "./workload/settings.js";
import { SteadyReads } from "./workload/steady-reads.js";

// What others notice of a system-wide write that changes what thousands of subscribers see: reads at a steady rate, in turns with and
// without such a write beside them, and how long it takes until all are told. Quote the ratios; the times are this machine's, today.

const { values: options } = parseArgs({
  options: {
    store: { type: "string", multiple: true, default: ["lmdb", "redis"] },
    rounds: { type: "string", default: "9" },
  },
});
const POPULATION: Population = { accounts: 10_000, ownEvery: 5, larger: false };
/** As many as a gateway allows by itself. */
const PER_CONNECTION = 1_000;
const WINDOW_MS = 2_000;
const WARM_UP_MS = 6_000;
const SLOWER_AT_MOST = 2;
const TOLD_WITHIN_MS = 5_000;
const WRITE =
  "mutation ($input: PatchSystemConfigInput!) { patchSystemConfig(input: $input) { ... on ConfigWritten { config { etag } } } }";
const CHANGES =
  'subscription ($accountId: ID!) { configChanged(accountId: $accountId, configIds: ["phone"]) { config { etag } changes { pointer after } } }';

type Store = "lmdb" | "redis";

async function measure(store: Store): Promise<boolean> {
  const server = await startStrata(stage, `live-${store}`, { store, population: POPULATION });
  const reads = new SteadyReads(server.port, POPULATION.accounts);
  await reads.p99(WARM_UP_MS);
  const ids = Array.from({ length: POPULATION.accounts }, (_, number) => accountId(number));
  const followers = await ConfigFollowers.open({
    port: server.port,
    accountIds: ids,
    perConnection: PER_CONNECTION,
    query: CHANGES,
  });
  let writes = 0;
  const write = async () => {
    const startedAt = performance.now();
    const input = { configId: "phone", patch: documentOf("SYSTEM", "phone", ++writes) };
    const written = reads.ask(WRITE, { input }).then((text) => {
      if (!text.includes('"etag"')) throw new Error(text.slice(0, 400));
    });
    await Promise.all([written, followers.allTold()]);
    return performance.now() - startedAt;
  };
  await write();
  const [ratios, neighbours, times]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < Number(options.rounds); round++) {
    const alone = await reads.p99(WINDOW_MS);
    const neighbour = new BusyNeighbour(2 * WINDOW_MS);
    const besideNeighbour = await reads.p99(WINDOW_MS);
    await neighbour.end();
    const [disturbed, told] = await Promise.all([reads.p99(WINDOW_MS), write()]);
    ratios.push(disturbed / alone);
    neighbours.push(besideNeighbour / alone);
    times.push(told);
    console.log(
      `  round ${round}: the reads' p99 ${alone.toFixed(1)} ms alone, ${disturbed.toFixed(1)} ms beside a write told to all in ${told.toFixed(0)} ms, ${besideNeighbour.toFixed(1)} ms beside a busy process`,
    );
  }
  const [slowest, ratio] = [Math.max(...times), median(ratios)];
  console.log(
    `${store}, ${POPULATION.accounts} subscribers: all told within ${slowest.toFixed(0)} ms (the slowest of ${times.length}); the reads' p99 beside it ÷ alone ${ratio.toFixed(2)}, beside a busy process ÷ alone ${median(neighbours).toFixed(2)} (medians of ${ratios.length})`,
  );
  await followers.close();
  reads.close();
  await server.child.stop();
  return slowest <= TOLD_WITHIN_MS && ratio <= SLOWER_AT_MOST;
}

const stage = new Stage(POPULATION, SHARED_CORES);
process.once("SIGINT", () => void stage.close().then(() => process.exit(130)));
try {
  for (const store of options.store as Store[]) if (!(await measure(store))) process.exitCode = 1;
} finally {
  await stage.close();
}
