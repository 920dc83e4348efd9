import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../test/redis/free-port.js";
import { until } from "../../test/redis/until.js";
import { Child } from "./child.js";
import type { Cores } from "./cores.js";
import { cpuTimeWithChildren } from "./cpu-time.js";
import { folderWith } from "./find-program.js";

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

/** The folder of its programs: where Debian hides them, or on PATH. */
function findPrograms(): string {
  const found = folderWith(["initdb", "postgres", "psql"], debianFolders());
  if (found === undefined)
    throw new Error("PostgreSQL is not installed (initdb, postgres and psql are needed).");
  return found;
}

/** The newest first. */
function debianFolders(): string[] {
  try {
    const versions = readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(DEBIAN, version, "bin"));
  } catch {
    return [];
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
