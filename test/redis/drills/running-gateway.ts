import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { builtProcess } from "../../built-processes.js";
import { whenWeEnd } from "../when-we-end.js";
import type { Answer, Asked, Failure, GatewayCall, GatewaySettings } from "./gateway-process.js";

const childFile = new URL("gateway-process.ts", import.meta.url);

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** A gateway in a process of its own, to be asked, paused and stopped. */
export class RunningGateway {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #callOff: () => void;
  #asked = 0;

  private constructor(settings: GatewaySettings) {
    const options = ["--expose-gc", builtProcess(childFile), JSON.stringify(settings)];
    this.#child = spawn(process.execPath, options, { stdio: ["pipe", "pipe", "inherit"] });
    // Paused, it would not notice that its input has ended.
    this.#callOff = whenWeEnd("kill -KILL $1", String(this.#child.pid));
    createInterface(this.#child.stdout).on("line", (line) => this.#hear(line));
    this.#child.on("exit", () => {
      this.#callOff();
      for (const { reject } of this.#waiting.values()) reject(new Error("the gateway has ended"));
    });
  }

  /** Resolves when it takes requests. */
  static async start(settings: GatewaySettings): Promise<RunningGateway> {
    const gateway = new RunningGateway(settings);
    await gateway.#answer(0);
    return gateway;
  }

  ask<Call extends GatewayCall>(call: Call, asked: Asked<Call>): Promise<Answer<Call> | Failure> {
    const id = ++this.#asked;
    this.#child.stdin.write(`${JSON.stringify({ id, call, asked })}\n`);
    return this.#answer(id);
  }

  /** As `ask`. @throws where it failed */
  async get<Call extends GatewayCall>(call: Call, asked: Asked<Call>): Promise<Answer<Call>> {
    const answer = await this.ask(call, asked);
    if (isFailure(answer)) throw new Error(`${call}: ${answer.failure}: ${answer.message}`);
    return answer;
  }

  /** It does nothing at all until `resume()`; what it is asked meanwhile it hears then. */
  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.resume();
    this.#child.stdin.end();
    await exit;
  }

  #answer<T>(id: number): Promise<T> {
    return new Promise<T>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #hear(line: string): void {
    const { id, answer } = JSON.parse(line);
    this.#waiting.get(id)?.resolve(answer as never);
    this.#waiting.delete(id);
  }
}

export function isFailure(answer: object): answer is Failure {
  return "failure" in answer;
}
