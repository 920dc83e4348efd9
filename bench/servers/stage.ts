import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RedisServer } from "../../test/redis/redis-server.js";
import { whenWeEnd } from "../../test/redis/when-we-end.js";
import type { Population } from "../workload/accounts.js";
import { writeExportFile } from "../workload/export-file.js";
import { schemaFiles } from "../workload/settings.js";
import { type Cores, findCores } from "./cores.js";
import { folderWith } from "./find-program.js";
import { Postgres } from "./postgres.js";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Where one run takes place: a temporary folder, the cores, and the databases that contenders share. */
export class Stage {
  readonly folder: string;
  readonly schemas: string;
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #exports = new Map<string, Promise<string>>();
  #redis: Promise<RedisServer> | undefined;
  #postgres: Promise<Postgres> | undefined;
  #names = 0;

  constructor(
    readonly population: Population,
    readonly cores: Cores = findCores(),
  ) {
    this.folder = mkdtempSync(join(tmpdir(), "strata-bench-"));
    whenWeEnd('sleep 1; rm -rf "$1"', this.folder);
    // PostgreSQL runs as another user than root, and has to reach its own folder in this one.
    chmodSync(this.folder, 0o755);
    this.schemas = this.path("schemas");
    mkdirSync(this.schemas);
    for (const [name, schema] of schemaFiles())
      writeFileSync(join(this.schemas, name), JSON.stringify(schema));
  }

  /** Of the repository. */
  get root(): string {
    return ROOT;
  }

  /** A name in the folder that nothing else has. */
  path(name: string): string {
    return join(this.folder, `${++this.#names}-${name}`);
  }

  /** How a TypeScript file of the benchmark is run by Node. */
  script(file: string): string[] {
    return [process.execPath, "--import", import.meta.resolve("tsx"), join(ROOT, "bench", file)];
  }

  /** The export file of a population, written once. */
  exportOf(population: Population): Promise<string> {
    const name = JSON.stringify(population);
    const known = this.#exports.get(name);
    if (known !== undefined) return known;
    const path = this.path("export.jsonl");
    const written = writeExportFile(path, population).then(() => path);
    this.#exports.set(name, written);
    return written;
  }

  /** As safe as Strata asks for: every write on disk before it is acknowledged. */
  redis(): Promise<RedisServer> {
    this.#redis ??= this.#startRedis();
    return this.#redis;
  }

  postgres(): Promise<Postgres> {
    this.#postgres ??= this.#startPostgres();
    return this.#postgres;
  }

  /** Called in the end, last registered first. */
  onClose(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close().catch(() => {});
    if (existsSync(this.folder)) rmSync(this.folder, { recursive: true, force: true });
  }

  async #startRedis(): Promise<RedisServer> {
    const hasRedis = ["redis-server", "valkey-server"].some((name) => folderWith([name]) !== undefined);
    if (!hasRedis)
      throw new Error("Redis is not installed (redis-server or valkey-server on PATH, 7 or newer).");
    const folder = this.path("redis");
    mkdirSync(folder);
    const server = await RedisServer.start({}, { folder });
    this.onClose(() => server.stop());
    const [taskset, ...where] = this.cores.others;
    const [, core = ""] = where;
    if (taskset !== undefined)
      execFileSync(taskset, ["-a", "-cp", core, String(server.pid)], { stdio: "ignore" });
    return server;
  }

  async #startPostgres(): Promise<Postgres> {
    const server = await Postgres.start(this.path("postgres"), this.cores);
    this.onClose(() => server.stop());
    return server;
  }
}
