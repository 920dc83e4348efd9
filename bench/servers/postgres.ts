import { execFileSync } from "node:child_process";
import { accessSync, chownSync, constants, mkdirSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { freePort } from "../../test/redis/free-port.js";
import { until } from "../../test/redis/until.js";
import { Child } from "./child.js";
import type { Cores } from "./cores.js";
import { cpuTimeWithChildren } from "./cpu-time.js";

const DEBIAN = "/usr/lib/postgresql";
const START_MS = 30_000;
const USER = "bench";
/** Each as it comes, but for memory that any server would give it; compiling queries costs more here than it saves. */
const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  shared_buffers: "256MB",
  jit: "off",
};

/** A PostgreSQL of our own, in a folder of its own, on 127.0.0.1. */
export class Postgres {
  readonly #child: Child;
  readonly #programs: string;
  readonly #folder: string;
  readonly port: number;

  private constructor(child: Child, programs: string, folder: string, port: number) {
    this.#child = child;
    this.#programs = programs;
    this.#folder = folder;
    this.port = port;
  }

  /** @throws when it is not installed, or does not start; the message says which */
  static async start(folder: string, cores: Cores): Promise<Postgres> {
    const programs = findPrograms();
    const user = ordinaryUser();
    mkdirSync(folder);
    if (user !== undefined) chownSync(folder, user.uid, user.gid);
    const child = (command: string[]) =>
      new Child({
        command,
        on: cores.others,
        cwd: folder,
        log: `${folder}.log`,
        output: "log",
        ...(user && { user }),
      });
    const data = join(folder, "data");
    const making = ["-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
    await child([join(programs, "initdb"), ...making]).finished(START_MS);
    const port = await freePort();
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const server = child([join(programs, "postgres"), "-D", data, "-p", String(port), ...settings]);
    const postgres = new Postgres(server, programs, folder, port);
    try {
      await until("PostgreSQL answers", () => postgres.#sql("postgres", "select 1"), START_MS);
      return postgres;
    } catch (error) {
      await postgres.stop();
      throw new Error(`PostgreSQL did not start: ${server.lastWords}`, { cause: error });
    }
  }

  url(database: string): string {
    return `postgres://${USER}@127.0.0.1:${this.port}/${database}`;
  }

  async createDatabase(name: string): Promise<void> {
    this.#sql("postgres", `create database ${name}`);
  }

  /** Runs a script, COPY with its data included. */
  async run(database: string, script: string): Promise<void> {
    this.#sql(database, script);
  }

  cpuTime(): number {
    return cpuTimeWithChildren(this.#child.pid);
  }

  /** At once: nobody needs what is in it. */
  async stop(): Promise<void> {
    await this.#child.stop("SIGINT");
  }

  #sql(database: string, script: string): true {
    const connection = ["-h", "127.0.0.1", "-p", String(this.port), "-U", USER, "-d", database];
    execFileSync(
      join(this.#programs, "psql"),
      ["-q", "-X", "-v", "ON_ERROR_STOP=1", ...connection, "-f", "-"],
      {
        input: script,
        cwd: this.#folder,
        stdio: ["pipe", "ignore", "pipe"],
      },
    );
    return true;
  }
}

/** Undefined when it is not installed. */
export function postgresVersion(): string | undefined {
  try {
    return execFileSync(join(findPrograms(), "postgres"), ["--version"], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}

/** The folder of its programs: on PATH, or where Debian hides them. */
function findPrograms(): string {
  const versions = (() => {
    try {
      return readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a));
    } catch {
      return [];
    }
  })();
  const folders = [
    ...versions.map((version) => join(DEBIAN, version, "bin")),
    ...(process.env.PATH ?? "").split(delimiter),
  ];
  const needed = ["initdb", "postgres", "psql"];
  const found = folders.find((folder) => needed.every((name) => isExecutable(join(folder, name))));
  if (found === undefined)
    throw new Error("PostgreSQL is not installed (initdb, postgres and psql are needed).");
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** PostgreSQL refuses to run as root. */
function ordinaryUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ["postgres", "nobody"]) {
    try {
      const id = (option: string) => Number(execFileSync("id", [option, name], { encoding: "utf8" }));
      return { uid: id("-u"), gid: id("-g") };
    } catch {}
  }
  throw new Error("PostgreSQL does not run as root, and there is no other user here.");
}
