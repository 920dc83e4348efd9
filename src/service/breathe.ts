/** Milliseconds that work may go on before whoever waits for the process has a turn. */
const BREATH_MS = 8;

/** When the turn of the event loop that is under way did its first piece of work; undefined: it has done none. */
let startedAt: number | undefined;
const waiting: (() => void)[] = [];

/**
 * Asked before each piece of work that may take milliseconds. What comes from memory never leaves the event loop by
 * itself, however many awaits there are: a request for a hundred such pieces would do all of them at once.
 * @returns undefined when there is time left; else what to wait for. One waits no longer than those before it: each turn
 * of the loop lets one go on.
 */
export function breathe(): Promise<void> | undefined {
  if (startedAt === undefined) {
    startedAt = performance.now();
    setImmediate(endTurn);
  }
  if (waiting.length === 0 && performance.now() - startedAt < BREATH_MS) return undefined;
  return new Promise((resolve) => waiting.push(resolve));
}

export type Later<T> = T | Promise<T>;

/** Does a piece of work, at once if there is time for it. */
export function whenThereIsTime<T>(work: () => T): Later<T> {
  return breathe()?.then(work) ?? work();
}

function endTurn(): void {
  const next = waiting.shift();
  startedAt = next && performance.now();
  if (next === undefined) return;
  setImmediate(endTurn);
  next();
}
