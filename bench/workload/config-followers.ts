import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** Subscribing takes longest: each of them is answered with its config. */
const WITHIN_MS = 120_000;

/** Subscribers of their own thread, so that taking messages does not hold up who measures. */
export class ConfigFollowers {
  private constructor(private readonly worker: Worker) {}

  /** @returns once each of them has its first message */
  static async open(port: number, accountIds: readonly string[], configId: string): Promise<ConfigFollowers> {
    const worker = new Worker(new URL("./config-follower-thread.mjs", import.meta.url), {
      workerData: { port, accountIds, configId },
    });
    const followers = new ConfigFollowers(worker);
    await followers.allTold();
    return followers;
  }

  /** Resolves once every one of them has had one message more. @throws where that takes too long */
  async allTold(): Promise<void> {
    await once(this.worker, "message", { signal: AbortSignal.timeout(WITHIN_MS) });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}
