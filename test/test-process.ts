import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { builtProcess } from "./built-processes.js";

/** A `*-process.ts` of the tests in a process of its own, which is told lines and says lines. It ends with the test. */
export class TestProcess {
  readonly child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #errors = "";

  /** @param file its URL @param env besides the environment of the tests */
  constructor(file: URL, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [builtProcess(file), ...args], {
      env: { ...process.env, ...env },
    });
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    this.#lines = createInterface(this.child.stdout)[Symbol.asyncIterator]();
    onTestFinished(() => this.kill());
  }

  /** All that it has said on standard error. */
  get errors(): string {
    return this.#errors;
  }

  /** Resolves to itself once it has said that it is ready. @throws when it says anything else */
  async ready(): Promise<this> {
    const said = await this.line();
    if (said !== "ready") throw new Error(`The process is not ready: ${said ?? this.#errors}`);
    return this;
  }

  /** The next line that it says; undefined: it has ended. */
  async line(): Promise<string | undefined> {
    const { value, done } = await this.#lines.next();
    return done === true ? undefined : value;
  }

  /** Tells it a line of JSON, and resolves to the line of JSON that it says next. @throws when it has ended */
  async ask<T>(question: unknown): Promise<T> {
    this.child.stdin.write(`${JSON.stringify(question)}\n`);
    const answer = await this.line();
    if (answer === undefined) throw new Error(`The process has ended: ${this.#errors}`);
    return JSON.parse(answer);
  }

  /** Resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await exit;
  }
}
