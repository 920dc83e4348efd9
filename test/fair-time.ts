import { onTestFinished } from "vitest";

const TICK_MS = 10;

/**
 * Milliseconds that this process has the processor for some work. Other work of the machine hardly changes them; a walk
 * that doubles with each level does.
 */
export function processorTime(work: () => void): number {
  const started = process.cpuUsage();
  work();
  return millisecondsSince(started);
}

/** The same for work that waits now and then. */
export async function processorTimeOf(work: () => Promise<unknown>): Promise<number> {
  const started = process.cpuUsage();
  await work();
  return millisecondsSince(started);
}

function millisecondsSince(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1_000;
}

/**
 * A clock of milliseconds for promises such as "answered within two seconds". It counts the ticks that this process has
 * had: while the machine gives the processor to others, the timers of the code under test stand still, and so does it.
 */
export function startFairClock(): () => number {
  let ticks = 0;
  const timer = setInterval(() => ticks++, TICK_MS);
  onTestFinished(() => clearInterval(timer));
  return () => ticks * TICK_MS;
}
