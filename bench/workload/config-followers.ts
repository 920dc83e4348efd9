import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** Subscribing takes longest: each of them is answered with its config. */
const WITHIN_MS = 120_000;

export interface FollowersOptions {
  readonly port: number;
  readonly accountIds: readonly string[];
  /** Subscriptions of one connection. */
  readonly perConnection: number;
  /** A subscription to changes of one config of `$accountId`. */
  readonly query: string;
  /** What each connection begins with, in place of HTTP headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Subscribers, one for each account, in a thread of their own, so that taking messages does not hold up who measures. */
export class ConfigFollowers {
  private constructor(private readonly worker: Worker) {}

  /** @returns once each of them has its first message */
  static async open(options: FollowersOptions): Promise<ConfigFollowers> {
    const thread = new URL("./config-follower-thread.mjs", import.meta.url);
    const worker = new Worker(thread, { workerData: options });
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
