import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { postgresVersion } from "../servers/postgres.js";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly redis: string;
  readonly postgres: string;
  readonly packages: Readonly<Record<string, string>>;
  /** The commit; with "+" when files differ from it. */
  readonly revision: string;
  readonly date: string;
}

const PACKAGES = ["@apollo/server", "graphql", "fastify", "ioredis", "lodash.merge", "lmdb"];
const BENCH_PACKAGES = ["mercurius", "graphql-jit", "postgraphile", "pg", "unleash-server"];

export function describeMachine(root: string): Machine {
  const versions = [
    ...PACKAGES.map((name) => [name, versionOf(join(root, "node_modules", name))] as const),
    ...BENCH_PACKAGES.map((name) => [name, versionOf(join(root, "bench", "node_modules", name))] as const),
  ];
  const git = (...words: string[]) => said("git", ["-C", root, ...words]);
  const changes = git("status", "--porcelain", "--untracked-files=no");
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    redis: /v=(\S+)/.exec(said("redis-server", ["--version"]))?.[1] ?? "none",
    postgres: postgresVersion() ?? "no PostgreSQL",
    packages: Object.fromEntries(versions),
    revision: `${git("rev-parse", "--short", "HEAD")}${changes === "" ? "" : "+"}`,
    date: new Date().toISOString(),
  };
}

function versionOf(folder: string): string {
  try {
    return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string }).version;
  } catch {
    return "not installed";
  }
}

function said(program: string, words: readonly string[]): string {
  try {
    return execFileSync(program, words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "";
  }
}
