import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { median } from "./report/ratios.js";
import { SHARED_CORES } from "./servers/cores.js";
import { cpuTime } from "./servers/cpu-time.js";
import { Stage } from "./servers/stage.js";
import { startStrata } from "./servers/strata.js";
import type { Population } from "./workload/accounts.js";
import { BusyNeighbour } from "./workload/busy-neighbour.js";
import { documentOf } from "./workload/settings.js";
import { quantile, SteadyReads } from "./workload/steady-reads.js";

// What it costs to say whom a system-wide write hits, and what others notice of it: reads at a steady rate, in turns with and without
// such an impact beside them, and beside a process that only computes. With --large a million accounts, by the subscription. Quote the
// ratios; the times are this machine's, today.

const { values: options } = parseArgs({
  options: {
    store: { type: "string", multiple: true, default: ["lmdb", "redis"] },
    large: { type: "boolean", default: false },
    rounds: { type: "string", default: "9" },
  },
});
/** 2,000 documents of accounts, and one for each of a hundred resellers. */
const USUAL: Population = { accounts: 10_000, ownEvery: 5, larger: false };
const LARGE: Population = { accounts: 1_000_000, ownEvery: 10, larger: false };
const WINDOW_MS = 4_000;
const WARM_UP_MS = 6_000;
const SLOWER_AT_MOST = 2;
const USUAL_WITHIN_MS = 2_000;
const LARGE_WITHIN_MS = 30_000;

const RESULT =
  "... on ConfigWritten { impact { total digest counts { outcome count } accounts(first: 20) { nodes { account { id } outcome } } } }";
const IMPACT = `mutation ($input: PatchSystemConfigInput!) { patchSystemConfig(input: $input) { ${RESULT} } }`;
const PROGRESS = `subscription ($input: PatchSystemConfigInput!) { configImpact(write: { patchSystemConfig: $input }) { done total result { ${RESULT} } } }`;
const INPUT = { configId: "phone", patch: documentOf("SYSTEM", "phone", 1), dryRun: true };

type Store = "lmdb" | "redis";

async function usual(store: Store): Promise<boolean> {
  const server = await startStrata(stage, `impact-${store}`, { store, population: USUAL });
  const client = new Client(server.port, USUAL.accounts);
  await client.p99(WARM_UP_MS);
  for (let time = 0; time < 3; time++) await client.impact();
  const [ratios, neighbours, times]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < Number(options.rounds); round++) {
    const alone = await client.p99(WINDOW_MS);
    const neighbour = new BusyNeighbour(2 * WINDOW_MS);
    const besideNeighbour = await client.p99(WINDOW_MS);
    await neighbour.end();
    let isOver = false;
    const beside = (async () => {
      while (!isOver) times.push(await client.impact());
    })();
    const disturbed = await client.p99(WINDOW_MS);
    isOver = true;
    await beside;
    ratios.push(disturbed / alone);
    neighbours.push(besideNeighbour / alone);
    console.log(
      `  round ${round}: the reads' p99 ${alone.toFixed(1)} ms alone, ${disturbed.toFixed(1)} ms beside impacts, ${besideNeighbour.toFixed(1)} ms beside a busy process`,
    );
  }
  const [p50, p95, ratio] = [median(times), quantile(times, 0.95), median(ratios)];
  console.log(
    `${store}, 10,000 accounts, 2,000 documents: impact p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms (of ${times.length}); the reads' p99 beside it ÷ alone ${ratio.toFixed(2)}, beside a busy process ÷ alone ${median(neighbours).toFixed(2)} (medians of ${ratios.length})`,
  );
  client.close();
  await server.child.stop();
  return p95 <= USUAL_WITHIN_MS && ratio <= SLOWER_AT_MOST;
}

async function large(store: Store): Promise<boolean> {
  const server = await startStrata(stage, `impact-${store}`, { store, population: LARGE });
  const { pid } = server.child;
  const client = new Client(server.port, USUAL.accounts);
  const before = { memory: privateMegabytes(pid), cpu: cpuTime(pid) };
  let peak = before.memory;
  const watching = setInterval(() => {
    peak = Math.max(peak, privateMegabytes(pid));
  }, 500);
  const { milliseconds, messages } = await client.progress();
  clearInterval(watching);
  console.log(
    `${store}, 1,000,000 accounts, 100,000 documents: ${(milliseconds / 1_000).toFixed(1)} s, ${messages} messages, ${((cpuTime(pid) - before.cpu) / 1_000).toFixed(1)} s of processor; memory ${before.memory} MB before, ${peak} MB at most`,
  );
  client.close();
  await server.child.stop();
  return milliseconds <= LARGE_WITHIN_MS;
}

class Client extends SteadyReads {
  /** @returns milliseconds */
  async impact(): Promise<number> {
    const startedAt = performance.now();
    const text = await this.ask(IMPACT, { input: INPUT });
    const { data } = JSON.parse(text);
    if (!(data?.patchSystemConfig?.impact?.total >= USUAL.accounts)) throw new Error(text.slice(0, 400));
    return performance.now() - startedAt;
  }

  /** The impact by subscription, over server-sent events. */
  async progress(): Promise<{ readonly milliseconds: number; readonly messages: number }> {
    const startedAt = performance.now();
    const text = await this.ask(PROGRESS, { input: INPUT }, "text/event-stream");
    const messages = text.split("\n").filter((line) => line.startsWith("data: {"));
    const { data } = JSON.parse(messages.at(-1)?.slice("data: ".length) ?? "{}");
    if (!(data?.configImpact?.result?.impact?.total >= LARGE.accounts)) throw new Error(text.slice(-400));
    return { milliseconds: performance.now() - startedAt, messages: messages.length };
  }
}

/** Without the pages of the database's file that are mapped into the process. */
function privateMegabytes(pid: number): number {
  const kilobytes = /RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kilobytes) / 1_024);
}

const stage = new Stage(USUAL, SHARED_CORES);
process.once("SIGINT", () => void stage.close().then(() => process.exit(130)));
try {
  for (const store of options.store as Store[]) {
    const isReached = await (options.large ? large(store) : usual(store));
    if (!isReached) process.exitCode = 1;
  }
} finally {
  await stage.close();
}
