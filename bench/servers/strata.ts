import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../test/redis/free-port.js";
import type { Population } from "../workload/accounts.js";
import { Child } from "./child.js";
import { cpuTime } from "./cpu-time.js";
import { type Server, serverOf } from "./server.js";
import type { Stage } from "./stage.js";

const IMPORT_MS = 300_000;

export interface StrataOptions {
  readonly store: "lmdb" | "redis";
  readonly population: Population;
  /** With what gateways share in Redis, beside their store: merges and rate limits. */
  readonly isSharing?: boolean;
  /** Besides where the store and the schemas are; without it every setting has its default. */
  readonly env?: Readonly<Record<string, string>>;
  /** Run by Node instead of the server's own entry. */
  readonly entry?: readonly string[];
  readonly ipc?: boolean;
}

/** Fills a store of its own, and serves it as `npm start` does. */
export async function startStrata(
  stage: Stage,
  name: string,
  options: StrataOptions,
): Promise<Server & { readonly child: Child }> {
  const main = join(stage.root, "dist", "main.js");
  if (!existsSync(main)) throw new Error("dist/main.js is missing: npm run build");
  const redis = options.store === "redis" ? await stage.redis() : undefined;
  const store = redis?.url ?? `lmdb:${stage.path(name)}`;
  const cwd = stage.folder;
  const file = await stage.exportOf(options.population);
  const cli = [process.execPath, join(stage.root, "dist", "cli.js"), "import", file, "--store", store];
  await new Child({ command: cli, on: [], cwd, log: stage.path("import.log") }).finished(IMPORT_MS);
  const port = await freePort();
  const env = {
    STRATA_STORE: store,
    STRATA_SCHEMAS: stage.schemas,
    STRATA_PORT: String(port),
    STRATA_STATE: stage.path("state"),
    STRATA_EXAMPLES: "off",
    ...(options.isSharing && { STRATA_MERGE_CACHE: (await stage.redis()).url }),
    ...options.env,
  };
  const command = [process.execPath, ...(options.entry ?? [...startFlags(stage.root), main])];
  const log = stage.path(`${name}.log`);
  const child = new Child({
    command,
    on: stage.cores.measured,
    env,
    cwd,
    log,
    ...(options.ipc && { ipc: true }),
  });
  const database = redis && (() => cpuTime(redis.pid));
  return { ...(await serverOf(name, child, port, { path: "/health/ready", database })), child };
}

/** What `npm start` tells Node. */
function startFlags(root: string): string[] {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly scripts: { readonly start: string };
  };
  return scripts.start.split(" ").filter((word) => word.startsWith("--"));
}
