import { readdirSync, readFileSync } from "node:fs";

/** What /proc counts in, on every Linux that Node runs on. */
const MS_PER_TICK = 10;
const [USER, SYSTEM, PARENT] = [11, 12, 1];

/**
 * CPU that a process has used since it began, user and system, in milliseconds; as the kernel accounts for it, all threads
 * together. NaN where there is no /proc.
 */
export function cpuTime(pid: number): number {
  const fields = statOf(pid);
  return fields === undefined ? Number.NaN : timeIn(fields);
}

/** The same with the processes that it has started and that still run: PostgreSQL has one for each connection. */
export function cpuTimeWithChildren(pid: number): number {
  let sum = cpuTime(pid);
  if (Number.isNaN(sum)) return sum;
  for (const name of readdirSync("/proc")) {
    const fields = /^\d+$/.test(name) ? statOf(Number(name)) : undefined;
    if (fields !== undefined && Number(fields[PARENT]) === pid) sum += timeIn(fields);
  }
  return sum;
}

/** What follows the command's name, which may hold anything; undefined when there is no such process. */
function statOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

function timeIn(fields: readonly string[]): number {
  return (Number(fields[USER]) + Number(fields[SYSTEM])) * MS_PER_TICK;
}
