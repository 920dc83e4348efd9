import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/**
 * A process that computes and does nothing else: it shares no event loop, no store and no memory with the server. What reads notice of
 * it is what they notice on this machine of any work at all.
 */
export class BusyNeighbour {
  readonly #child: ChildProcess;

  /** @param longestMs it ends by itself after that */
  constructor(longestMs: number) {
    const loop = `const end = Date.now() + ${longestMs}; while (Date.now() < end);`;
    this.#child = spawn(process.execPath, ["-e", loop], { stdio: "ignore" });
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }
}
