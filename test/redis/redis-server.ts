import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { redisServerProgram } from "./find-redis.js";
import { freePort } from "./free-port.js";
import { redisCommand } from "./redis-command.js";
import { configText, fastFolder, SAFE_SETTINGS } from "./redis-config.js";
import { until } from "./until.js";
import { whenWeEnd } from "./when-we-end.js";

const START = fileURLToPath(new URL("../../docker/start-redis.sh", import.meta.url));
const HOST = "127.0.0.1";
const PORTS_TRIED = 5;
const LOADING_MS = 30_000;
const FAREWELL_MS = 5_000;
const LAST_WORDS = 1_500;

export interface RedisServerOptions {
  /** Kept by `stop()` when it is given; else the server has one of its own. */
  readonly folder?: string;
  readonly port?: number;
  /** A shared library that the server is started with. */
  readonly preload?: string;
  /** False: what is on disk is left to Redis; else it is checked before each start, as it should be. */
  readonly isChecked?: boolean;
  /** What follows the configuration file on the command line. */
  readonly args?: readonly string[];
}

/** Checks what is on disk before a start, as operators should. */
export async function checkFolder(folder: string): Promise<void> {
  await promisify(execFile)(START, [folder, "true"]);
}

/** A Redis server of a test's own, to be killed and paused. It ends with the process that started it, however that ends. */
export class RedisServer {
  readonly #program: string;
  readonly #options: RedisServerOptions;
  readonly folder: string;
  readonly port: number;
  #child: ChildProcess | undefined;

  private constructor(program: string, folder: string, port: number, options: RedisServerOptions) {
    this.#program = program;
    this.#options = options;
    this.folder = folder;
    this.port = port;
  }

  /**
   * Resolves when it answers.
   * @param settings besides the safe ones, or instead of them; each value as a configuration file spells it
   * @throws when the server ends at once, with its last words
   */
  static async start(
    settings: Readonly<Record<string, string>> = {},
    options: RedisServerOptions = {},
  ): Promise<RedisServer> {
    const program = await redisServerProgram();
    const folder = options.folder ?? mkdtempSync(join(fastFolder(), "strata-redis-"));
    for (let tried = 1; ; tried++) {
      const server = new RedisServer(program, folder, options.port ?? (await freePort()), options);
      server.#configure(settings);
      try {
        await server.#launch();
        return server;
      } catch (error) {
        await server.kill();
        const isPortTaken = server.#words().includes("Address already in use");
        if (isPortTaken && options.port === undefined && tried < PORTS_TRIED) continue;
        await server.stop();
        throw error;
      }
    }
  }

  get url(): string {
    return `redis://${HOST}:${this.port}`;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("the server was never started");
    return pid;
  }

  /** Also while it is paused. */
  get isRunning(): boolean {
    return this.#child?.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends one command over a connection of its own; see `redisCommand`. */
  command(name: string, ...values: string[]): Promise<unknown> {
    return redisCommand(this.url, name, ...values);
  }

  /** Without a chance to finish anything. Resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Connections stay open and are accepted; nothing is answered until `resume()`. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Starts it again where it was, killing it first if need be; resolves when it has loaded what it has on disk. */
  async restart(): Promise<void> {
    await this.kill();
    await this.#launch();
  }

  /** Ends it in order, and removes the folder if it is its own. */
  async stop(): Promise<void> {
    this.resume();
    const impatience = setTimeout(() => this.#child?.kill("SIGKILL"), FAREWELL_MS);
    await this.#end("SIGTERM");
    clearTimeout(impatience);
    if (this.#options.folder === undefined) rmSync(this.folder, { recursive: true, force: true });
  }

  #configure(settings: Readonly<Record<string, string>>): void {
    const own = {
      bind: HOST,
      port: String(this.port),
      dir: JSON.stringify(this.folder),
      daemonize: "no",
      logfile: '""',
      "shutdown-timeout": "0",
      // A replica that has just been sent everything otherwise refuses to end.
      "shutdown-on-sigterm": "nosave force",
    };
    // The last line of a name holds, also over what a setting includes.
    writeFileSync(this.#file("redis.conf"), configText({ ...SAFE_SETTINGS, ...settings }) + configText(own));
  }

  async #launch(): Promise<void> {
    if (this.#options.isChecked !== false) await checkFolder(this.folder);
    const log = openSync(this.#file("redis.log"), "w");
    const child = spawn(this.#program, [this.#file("redis.conf"), ...(this.#options.args ?? [])], {
      cwd: this.folder,
      env: {
        ...process.env,
        ...(this.#options.preload !== undefined && { LD_PRELOAD: this.#options.preload }),
      },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.#child = child;
    await once(child, "spawn");
    const leftover = this.#options.folder === undefined ? [this.folder] : [];
    const callOff = whenWeEnd('kill -KILL "$1"; shift; rm -rf "$@"', String(child.pid), ...leftover);
    child.once("exit", callOff);
    await until("the server answers", () => !this.isRunning || this.#answers(child.pid), LOADING_MS);
    if (!this.isRunning)
      throw new Error(`The Redis server ended by itself: ${this.#words().slice(-LAST_WORDS)}`);
  }

  /** Whether it has loaded what it has; and it is this one, not another one that had the port before. */
  async #answers(pid: number | undefined): Promise<boolean> {
    if ((await this.command("PING")) !== "PONG") return false;
    return String(await this.command("INFO", "server")).includes(`\r\nprocess_id:${pid}\r\n`);
  }

  /** All that it has said since it was last started. */
  #words(): string {
    return readFileSync(this.#file("redis.log"), "utf8");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child === undefined || !this.isRunning) return;
    const exit = once(this.#child, "exit");
    this.#child.kill(signal);
    await exit;
  }

  #file(name: string): string {
    return join(this.folder, name);
  }
}
