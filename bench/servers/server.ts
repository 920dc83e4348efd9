import { until } from "../../test/redis/until.js";
import type { Child } from "./child.js";
import { cpuTime } from "./cpu-time.js";

const START_MS = 60_000;

/** One running contender. */
export interface Server {
  readonly port: number;
  readonly pid: number;
  /** CPU used so far in milliseconds: the process's own, and that of the database that works for it, if it has one. */
  cpu(): { readonly own: number; readonly database: number | undefined };
  stop(): Promise<void>;
}

/**
 * Waits until the child answers at a path.
 * @throws when it ends, or takes too long; with its last words
 */
export async function serverOf(
  name: string,
  child: Child,
  port: number,
  { path, database }: { readonly path: string; readonly database?: (() => number) | undefined },
): Promise<Server> {
  const answers = async (): Promise<boolean> => {
    if (!child.isRunning) return true;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.status < 500;
  };
  try {
    await until(`${name} answers`, answers, START_MS);
    if (!child.isRunning) throw new Error("it ended by itself");
  } catch (error) {
    await child.stop();
    throw new Error(`${name} did not start: ${(error as Error).message}. ${child.lastWords}`, {
      cause: error,
    });
  }
  return {
    port,
    pid: child.pid,
    cpu: () => ({ own: cpuTime(child.pid), database: database?.() }),
    stop: () => child.stop(),
  };
}
