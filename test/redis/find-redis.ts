import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { executable, installPackage } from "../programs.js";

/** The first release with what the store needs: functions. */
const OLDEST = 7;
const PROGRAMS = ["redis-server", "valkey-server"];
const WHAT_HELPS = `  - install a server, ${OLDEST} or newer: apt-get install redis-server, apk add redis, brew install redis, or valkey`;

export type FoundRedis =
  | { readonly kind: "program"; readonly path: string }
  | { readonly kind: "docker"; readonly docker: string };

const run = promisify(execFile);
let found: Promise<string> | undefined;

/** As `findRedisServer` in this process's environment, looking only once. */
export function redisServerProgram(): Promise<string> {
  found ??= findRedisServer(process.env);
  return found;
}

/**
 * A server program that tests can start, kill and pause: on PATH, or installed now.
 * @throws when there is none; the message says what to do
 */
export async function findRedisServer(environment: NodeJS.ProcessEnv): Promise<string> {
  const reasons: string[] = [];
  const path = (await onPath(environment, reasons)) ?? (await installed(environment, reasons));
  if (path !== undefined) return path;
  const url = environment.REDIS_URL ? "REDIS_URL is set, but these" : "These";
  const why = `${url} tests kill and pause servers, so they need a program to start some of their own.`;
  throw new Error(["There is no Redis server program.", ...reasons, why, WHAT_HELPS].join("\n"));
}

/**
 * Whatever can run a server that tests share: a program on PATH, Docker, or a program installed now.
 * @throws when there is nothing; the message says what to do
 */
export async function findRedis(environment: NodeJS.ProcessEnv): Promise<FoundRedis> {
  const reasons: string[] = [];
  const path = await onPath(environment, reasons);
  if (path !== undefined) return { kind: "program", path };
  const docker = await dockerWithEngine(environment, reasons);
  if (docker !== undefined) return { kind: "docker", docker };
  const fresh = await installed(environment, reasons);
  if (fresh !== undefined) return { kind: "program", path: fresh };
  const others = [
    "  - or start Docker; the tests that kill servers need the program all the same",
    "  - or set REDIS_URL to a running one; the tests that kill servers need the program all the same",
  ];
  throw new Error(["There is no Redis for the tests.", ...reasons, WHAT_HELPS, ...others].join("\n"));
}

async function onPath(environment: NodeJS.ProcessEnv, reasons: string[]): Promise<string | undefined> {
  for (const name of PROGRAMS) {
    const path = executable(name, environment);
    if (path === undefined) continue;
    const { stdout } = await run(path, ["--version"], { env: environment });
    const version = /\bv=([\d.]+)/.exec(stdout)?.[1];
    if (Number.parseInt(version ?? "", 10) >= OLDEST) return path;
    reasons.push(`${path} is ${version ?? "no Redis"}, too old: ${OLDEST} is needed.`);
  }
  return undefined;
}

async function dockerWithEngine(
  environment: NodeJS.ProcessEnv,
  reasons: string[],
): Promise<string | undefined> {
  const docker = executable("docker", environment);
  if (docker === undefined) return undefined;
  try {
    await run(docker, ["version", "--format", "{{.Server.Version}}"], { env: environment, timeout: 5_000 });
    return docker;
  } catch {
    reasons.push("Docker is installed, but its engine does not answer.");
    return undefined;
  }
}

async function installed(environment: NodeJS.ProcessEnv, reasons: string[]): Promise<string | undefined> {
  const isInstalled = await installPackage("redis-server", "a Redis server", environment, reasons);
  return isInstalled ? await onPath(environment, reasons) : undefined;
}
