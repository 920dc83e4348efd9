import { readFileSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { parseArgs } from "node:util";
import { SHARED_CORES } from "./servers/cores.js";
import { cpuTime } from "./servers/cpu-time.js";
import { Stage } from "./servers/stage.js";
import { startStrata } from "./servers/strata.js";
import { accountId, type Population } from "./workload/accounts.js";
import { documentOf } from "./workload/settings.js";

// What it costs to say whom a system-wide write hits, and what others notice of it: reads at a steady rate, in turns with and without
// such an impact beside them. With --large a million accounts, by the subscription. Quote the ratios; the times are this machine's, today.

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
const READS_PER_SECOND = 200;
const WINDOW_MS = 4_000;
const WARM_UP_MS = 6_000;
const SLOWER_AT_MOST = 2;
const USUAL_WITHIN_MS = 2_000;
const LARGE_WITHIN_MS = 30_000;

const READ =
  'query ($id: ID!) { config(accountId: $id, configId: "phone") { etag values fields { pointer source { kind } } } }';
const RESULT =
  "... on ConfigWritten { impact { total digest counts { outcome count } accounts(first: 20) { nodes { account { id } outcome } } } }";
const IMPACT = `mutation ($input: PatchSystemConfigInput!) { patchSystemConfig(input: $input) { ${RESULT} } }`;
const PROGRESS = `subscription ($input: PatchSystemConfigInput!) { configImpact(write: { patchSystemConfig: $input }) { done total result { ${RESULT} } } }`;
const INPUT = { configId: "phone", patch: documentOf("SYSTEM", "phone", 1), dryRun: true };

type Store = "lmdb" | "redis";

async function usual(store: Store): Promise<boolean> {
  const server = await startStrata(stage, `impact-${store}`, { store, population: USUAL });
  const client = new Client(server.port);
  await client.reads(WARM_UP_MS);
  for (let time = 0; time < 3; time++) await client.impact();
  const [ratios, times]: [number[], number[]] = [[], []];
  for (let round = 0; round < Number(options.rounds); round++) {
    const alone = await client.reads(WINDOW_MS);
    let isOver = false;
    const beside = (async () => {
      while (!isOver) times.push(await client.impact());
    })();
    const disturbed = await client.reads(WINDOW_MS);
    isOver = true;
    await beside;
    ratios.push(disturbed / alone);
    console.log(
      `  round ${round}: the reads' p99 ${alone.toFixed(1)} ms alone, ${disturbed.toFixed(1)} ms beside impacts`,
    );
  }
  const [p50, p95, ratio] = [quantile(times, 0.5), quantile(times, 0.95), quantile(ratios, 0.5)];
  console.log(
    `${store}, 10,000 accounts, 2,000 documents: impact p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms (of ${times.length}); the reads' p99 beside it ÷ alone ${ratio.toFixed(2)} (median of ${ratios.length})`,
  );
  client.close();
  await server.child.stop();
  return p95 <= USUAL_WITHIN_MS && ratio <= SLOWER_AT_MOST;
}

async function large(store: Store): Promise<boolean> {
  const server = await startStrata(stage, `impact-${store}`, { store, population: LARGE });
  const { pid } = server.child;
  const client = new Client(server.port);
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

class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  #reads = 0;

  constructor(private readonly port: number) {}

  close(): void {
    this.#agent.destroy();
  }

  /** @returns milliseconds */
  async impact(): Promise<number> {
    const startedAt = performance.now();
    const text = await this.#ask(IMPACT, { input: INPUT });
    const { data } = JSON.parse(text);
    if (!(data?.patchSystemConfig?.impact?.total >= USUAL.accounts)) throw new Error(text.slice(0, 400));
    return performance.now() - startedAt;
  }

  /** The impact by subscription, over server-sent events. */
  async progress(): Promise<{ readonly milliseconds: number; readonly messages: number }> {
    const startedAt = performance.now();
    const text = await this.#ask(PROGRESS, { input: INPUT }, "text/event-stream");
    const messages = text.split("\n").filter((line) => line.startsWith("data: {"));
    const { data } = JSON.parse(messages.at(-1)?.slice("data: ".length) ?? "{}");
    if (!(data?.configImpact?.result?.impact?.total >= LARGE.accounts)) throw new Error(text.slice(-400));
    return { milliseconds: performance.now() - startedAt, messages: messages.length };
  }

  /** Sends at a steady rate, whatever becomes of those before. @returns the 99th percentile, each counted from when it was due */
  async reads(windowMs: number): Promise<number> {
    const startedAt = performance.now();
    const times: number[] = [];
    const underWay: Promise<unknown>[] = [];
    for (let n = 0; n < (windowMs / 1_000) * READS_PER_SECOND; n++) {
      const dueAt = startedAt + (n * 1_000) / READS_PER_SECOND;
      const wait = dueAt - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      const id = accountId((this.#reads++ * 37) % USUAL.accounts);
      const answered = this.#ask(READ, { id }).then((text) => {
        if (text.includes('"errors"')) throw new Error(text.slice(0, 400));
        times.push(performance.now() - dueAt);
      });
      underWay.push(answered);
    }
    await Promise.all(underWay);
    return quantile(times, 0.99);
  }

  #ask(query: string, variables: object, accept = "application/json"): Promise<string> {
    const body = JSON.stringify({ query, variables });
    const headers = { accept, "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const at = { host: "127.0.0.1", port: this.port, method: "POST", path: "/graphql" };
    return new Promise((resolve, reject) => {
      request({ ...at, agent: this.#agent, headers }, (response) => textOf(response).then(resolve, reject))
        .on("error", reject)
        .end(body);
    });
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  return text;
}

function quantile(numbers: readonly number[], part: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
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
