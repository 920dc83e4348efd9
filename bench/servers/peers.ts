import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "../../test/redis/free-port.js";
import { benchAccounts, benchDocuments } from "../workload/accounts.js";
import { documentOf } from "../workload/settings.js";
import { Child } from "./child.js";
import { cpuTime } from "./cpu-time.js";
import { type Server, serverOf } from "./server.js";
import type { Stage } from "./stage.js";

const KEYS_AT_ONCE = 2_000;
const FLAGS = 30;
/** Only ever known to a server on this machine, for minutes. */
export const UNLEASH_TOKEN = "*:development.bench-bench-bench";

export interface PeerOptions {
  /** The package that it is about, in bench/node_modules. */
  readonly package?: string;
  /** What is asked for to see whether it answers. */
  readonly path?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly database?: () => number;
}

/** Starts a server of `bench/contenders`. */
export async function startPeer(stage: Stage, name: string, options: PeerOptions = {}): Promise<Server> {
  const { path = "/", env, database } = options;
  checkPackage(stage, options.package);
  const port = await freePort();
  const child = new Child({
    command: stage.script(join("contenders", `${name}.ts`)),
    on: stage.cores.measured,
    env: { PORT: String(port), ...env },
    cwd: stage.folder,
    log: stage.path(`${name}.log`),
  });
  return serverOf(name, child, port, { path, database });
}

function checkPackage({ root }: Stage, name: string | undefined): void {
  if (name !== undefined && !existsSync(join(root, "bench", "node_modules", name)))
    throw new Error(`${name} is not installed: run "npm ci" in bench/ once`);
}

/** One that reads its layers from Redis. */
export async function startRedisPeer(stage: Stage, name: string, options: PeerOptions = {}): Promise<Server> {
  checkPackage(stage, options.package);
  const redis = await stage.redis();
  await fillRedis(stage, redis.url);
  return startPeer(stage, name, {
    ...options,
    env: { REDIS_URL: redis.url },
    database: () => cpuTime(redis.pid),
  });
}

const filled = new WeakMap<Stage, Promise<void>>();

function fillRedis(stage: Stage, url: string): Promise<void> {
  const filling = filled.get(stage) ?? writeDocuments(stage, url);
  filled.set(stage, filling);
  return filling;
}

async function writeDocuments({ population }: Stage, url: string): Promise<void> {
  const redis = new Redis(url, { protocol: 2 });
  let pairs: string[] = [];
  for (const { accountId, config, text } of benchDocuments(population)) {
    // As contenders/redis-layers.ts has it.
    pairs.push(`peer:${accountId ?? "system"}:${config}`, text);
    if (pairs.length < KEYS_AT_ONCE) continue;
    await redis.mset(pairs);
    pairs = [];
  }
  if (pairs.length > 0) await redis.mset(pairs);
  redis.disconnect();
}

export async function startPostgraphile(stage: Stage): Promise<Server> {
  checkPackage(stage, "postgraphile");
  const postgres = await stage.postgres();
  await postgres.createDatabase("layers");
  const tables = readFileSync(join(stage.root, "bench", "contenders", "layers.sql"), "utf8");
  await postgres.run("layers", tables);
  await postgres.run("layers", rows(stage));
  const env = { DATABASE_URL: postgres.url("layers") };
  return startPeer(stage, "postgraphile", { env, database: () => postgres.cpuTime() });
}

/** For COPY: nothing in it has to be escaped. */
function rows({ population }: Stage): string {
  const lines = ["copy accounts from stdin;"];
  for (const { id, parentId, isReseller } of benchAccounts(population))
    lines.push(`${id}\t${parentId ?? "\\N"}\t${isReseller}`);
  lines.push("\\.", "copy documents from stdin;");
  for (const { accountId, config, text } of benchDocuments(population))
    lines.push(`${accountId ?? ""}\t${config}\t${text}`);
  const defaults = JSON.stringify(documentOf("SCHEMA", "phone", 0));
  lines.push("\\.", `insert into defaults values ('phone', '${defaults}');`, "vacuum analyze;", "");
  return lines.join("\n");
}

export async function startUnleash(stage: Stage): Promise<Server> {
  checkPackage(stage, "unleash-server");
  const postgres = await stage.postgres();
  await postgres.createDatabase("unleash");
  const env = { DATABASE_URL: postgres.url("unleash"), CLIENT_TOKEN: UNLEASH_TOKEN };
  const server = await startPeer(stage, "unleash", {
    path: "/health",
    env,
    database: () => postgres.cpuTime(),
  });
  try {
    for (let flag = 0; flag < FLAGS; flag++) await addFlag(server.port, `setting_${flag}`);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function addFlag(port: number, name: string): Promise<void> {
  const features = `http://127.0.0.1:${port}/api/admin/projects/default/features`;
  const parameters = { rollout: "50", stickiness: "default", groupId: name };
  await post(features, { name, type: "release" });
  await post(`${features}/${name}/environments/development/strategies`, {
    name: "flexibleRollout",
    parameters,
  });
  await post(`${features}/${name}/environments/development/on`, {});
}

async function post(url: string, body: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
}
