import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "./report/ratios.js";
import { cpuTime } from "./servers/cpu-time.js";

// What it costs to ask for all settings of an account as flags, next to the same data over GraphQL: both in turns, over one
// connection, in rounds of which each has a ratio of its own. The server's processor time counts, so other programs do not.

const ROUNDS = Number(process.env.FLAGS_ROUNDS ?? 15);
const PER_ROUND = 400;
const WARM_UP = 1_000;
const TARGET = 1.2;
const ROOT = new URL("..", import.meta.url).pathname;

interface Ask {
  readonly path: string;
  readonly body: string;
  readonly headers?: Record<string, string>;
}

const configIds = readdirSync(join(ROOT, "schemas"))
  .flatMap((file) => /^account_config\.(.+)\.json$/.exec(file)?.[1] ?? [])
  .sort();
const FIELDS =
  "id etag fields { pointer value source { kind account { id } revision } pinned constraint { kind } }";
const query = `{ ${configIds.map((id, index) => `c${index}: config(accountId: "acme", configId: "${id}") { ${FIELDS} }`).join(" ")} }`;
const GRAPHQL: Ask = { path: "/graphql", body: JSON.stringify({ query }) };
const FLAGS: Ask = {
  path: "/ofrep/v1/evaluate/flags",
  body: JSON.stringify({ context: { targetingKey: "acme" } }),
};

const folder = mkdtempSync(join(tmpdir(), "strata-flags-"));
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let server: ChildProcess | undefined;
try {
  const port = await start();
  const first = await ask(port, FLAGS);
  const same = await ask(port, GRAPHQL);
  console.log(`${configIds.length} configs: ${first.bytes} bytes as flags, ${same.bytes} bytes over GraphQL`);
  const known: Ask = { ...FLAGS, headers: { "if-none-match": first.etag } };
  for (const each of [FLAGS, GRAPHQL, known]) for (let i = 0; i < WARM_UP; i++) await ask(port, each);
  const ratio = await paired(port, "all flags ÷ GraphQL", FLAGS);
  await paired(port, "304 ÷ GraphQL", known);
  if (ratio > TARGET) process.exitCode = 1;
} finally {
  server?.kill("SIGTERM");
  agent.destroy();
  rmSync(folder, { recursive: true, force: true });
}

async function paired(port: number, name: string, flags: Ask): Promise<number> {
  const ratios: number[] = [];
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [one, other] = round % 2 === 0 ? [flags, GRAPHQL] : [GRAPHQL, flags];
    const [ofOne, ofOther] = [await timed(port, one), await timed(port, other)];
    const [ofFlags, ofGraphql] = one === flags ? [ofOne, ofOther] : [ofOther, ofOne];
    ratios.push(ofFlags / ofGraphql);
    times.push(ofFlags);
  }
  const ratio = median(ratios);
  const microseconds = Math.round(median(times) * 1_000);
  console.log(`${name}: ${ratio.toFixed(2)} (median of ${ROUNDS} rounds; ${microseconds} µs a request)`);
  return ratio;
}

/** Milliseconds of the server's processor that a request takes. */
async function timed(port: number, asked: Ask): Promise<number> {
  const pid = server?.pid ?? 0;
  const before = cpuTime(pid);
  for (let i = 0; i < PER_ROUND; i++) await ask(port, asked);
  return (cpuTime(pid) - before) / PER_ROUND;
}

function ask(port: number, { path, body, headers }: Ask): Promise<{ bytes: number; etag: string }> {
  return new Promise((resolve, reject) => {
    const sent = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      ...headers,
    };
    request({ host: "127.0.0.1", port, method: "POST", path, agent, headers: sent }, (response) => {
      let bytes = 0;
      response
        .on("data", (chunk: Buffer) => {
          bytes += chunk.length;
        })
        .on("end", () => {
          const { statusCode = 0, headers: got } = response;
          if (statusCode !== 200 && statusCode !== 304) reject(new Error(`status ${statusCode} for ${path}`));
          else resolve({ bytes, etag: got.etag ?? "" });
        })
        .on("error", reject);
    })
      .on("error", reject)
      .end(body);
  });
}

/** The built server, as it runs in production, with its log. */
function start(): Promise<number> {
  const env = { ...process.env, STRATA_PORT: "0", STRATA_STORE: `lmdb:${join(folder, "data")}` };
  const child = spawn(process.execPath, [join(ROOT, "dist/cli.js")], { env, cwd: ROOT });
  server = child;
  return new Promise((resolve, reject) => {
    let log = "";
    child.once("exit", () => reject(new Error(`the server ended: ${log.slice(-2_000)}`)));
    child.stdout.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-100_000);
      const port = /listening at http:\/\/[^:]+:(\d+)/.exec(log)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}
