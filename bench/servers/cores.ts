import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** Who runs where: what is measured has a core to itself, everything that works for it or asks it has the others. */
export interface Cores {
  /** In words, for the report. */
  readonly told: string;
  /** What a command is started with so that it runs there. */
  readonly measured: readonly string[];
  readonly others: readonly string[];
}

/** Where the times of single requests count: on one core alone they would wait for the server's own garbage collector and compiler. */
export const SHARED_CORES: Cores = { told: "not pinned: all share all cores", measured: [], others: [] };

export function findCores(): Cores {
  if (availableParallelism() < 2)
    return { ...SHARED_CORES, told: "not pinned: there is one core, all share it" };
  try {
    execFileSync("taskset", ["-c", "0", "true"], { stdio: "ignore" });
  } catch {
    return { ...SHARED_CORES, told: "not pinned (taskset cannot be used): all share all cores" };
  }
  return {
    told: "server on core 0; load generator, Redis and PostgreSQL on core 1",
    measured: ["taskset", "-c", "0"],
    others: ["taskset", "-c", "1"],
  };
}
