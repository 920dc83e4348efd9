import { type ChildProcess, type IOType, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { whenWeEnd } from "../../test/redis/when-we-end.js";

const FAREWELL_MS = 12_000;
const LAST_WORDS = 1_200;

export interface ChildOptions {
  readonly command: readonly string[];
  /** What comes before the command: on which core it runs. */
  readonly on: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Where its standard error goes; what it says there when it fails is told. */
  readonly log: string;
  /** Its standard output, if that is not thrown away. */
  readonly output?: "log";
  readonly ipc?: boolean;
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** A process of ours. It ends with us, however we end. */
export class Child {
  readonly process: ChildProcess;
  readonly #log: string;

  constructor({ command, on, env, cwd, log, output, ipc, user }: ChildOptions) {
    this.#log = log;
    const [program = "", ...args] = [...on, ...command];
    const errors = openSync(log, "w");
    const stdout: IOType | number = output === "log" ? errors : "ignore";
    this.process = spawn(program, args, {
      cwd,
      // Nothing of the caller's settings: every contender runs as it does by default, in production.
      env: { PATH: process.env.PATH ?? "", HOME: cwd, NODE_ENV: "production", ...env },
      stdio: ["ignore", stdout, errors, ...(ipc === true ? (["ipc"] as const) : [])],
      ...user,
    });
    closeSync(errors);
    // A program that is not there is told by `isRunning`, and by its last words.
    this.process.on("error", () => {});
    if (this.process.pid === undefined) return;
    const callOff = whenWeEnd('kill -KILL "$1"', String(this.process.pid));
    this.process.once("exit", callOff);
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get isRunning(): boolean {
    return (
      this.process.pid !== undefined && this.process.exitCode === null && this.process.signalCode === null
    );
  }

  get lastWords(): string {
    return readFileSync(this.#log, "utf8").slice(-LAST_WORDS).trim();
  }

  /** @throws when it did not end with 0, with what it said, and when it took too long */
  async finished(milliseconds: number): Promise<void> {
    const impatience = setTimeout(() => this.process.kill("SIGKILL"), milliseconds);
    if (this.isRunning) await once(this.process, "exit");
    clearTimeout(impatience);
    if (this.process.exitCode !== 0)
      throw new Error(`${this.process.spawnargs.join(" ")} failed: ${this.lastWords}`);
  }

  /** Resolves when it is gone; one that will not go is killed. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (!this.isRunning) return;
    const exit = once(this.process, "exit");
    const impatience = setTimeout(() => this.process.kill("SIGKILL"), FAREWELL_MS);
    this.process.kill(signal);
    await exit;
    clearTimeout(impatience);
  }
}
