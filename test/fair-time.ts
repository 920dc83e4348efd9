const TICK_MS = 10;

/**
 * Milliseconds that this process has the processor for some work. Other work of the machine hardly changes them; a walk
 * that doubles with each level does.
 */
export function processorTime(work: () => void): number {
  const started = processorNow();
  work();
  return processorNow() - started;
}

/** The same for work that waits now and then. */
export async function processorTimeOf(work: () => Promise<unknown>): Promise<number> {
  const started = processorNow();
  await work();
  return processorNow() - started;
}

function processorNow(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

let fair = 0;
let wall = performance.now();
let processor = processorNow();

/** Of the time since the last tick, as much as this process has worked, or as it takes at least. */
function sinceTick(atLeast: number): number {
  return Math.min(performance.now() - wall, Math.max(atLeast, processorNow() - processor));
}
setInterval(() => {
  fair += sinceTick(TICK_MS);
  [wall, processor] = [performance.now(), processorNow()];
}, TICK_MS).unref();

/**
 * Milliseconds, for promises such as "answered within two seconds". The clock stands still while the machine gives the processor to
 * others, as the timers of the code under test do; it runs while this process waits or works.
 */
export function fairNow(): number {
  return fair + sinceTick(0);
}

/** Milliseconds of that clock from now on. */
export function startFairClock(): () => number {
  const started = fairNow();
  return () => fairNow() - started;
}
