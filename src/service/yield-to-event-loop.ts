import type { Pieces } from "../domain/pieces.js";

/** Milliseconds that work may hold the event loop. */
const SLICE_MS = 8;

/** The same for work that no request waits for: requests have their turn before they notice. */
export const BACKGROUND_MS = 1;

/** When the turn of the event loop that is under way did its first piece of work; undefined: it has done none. */
let startedAt: number | undefined;
const waiting: (() => void)[] = [];

/**
 * Call it before each piece of work that may take milliseconds. Awaiting cached values does not yield to the event loop:
 * a request for a hundred such pieces would do all of them in one turn.
 * @returns undefined when there is time left in this turn; else what to wait for. Each turn of the loop lets one piece go
 * on, first come, first served.
 * @param sliceMs that work may hold the event loop
 */
export function yieldToEventLoop(sliceMs = SLICE_MS): Promise<void> | undefined {
  if (startedAt === undefined) {
    startedAt = performance.now();
    setImmediate(endTurn);
  }
  if (waiting.length === 0 && performance.now() - startedAt < sliceMs) return undefined;
  return new Promise((resolve) => waiting.push(resolve));
}

export type Later<T> = T | Promise<T>;

/** Does a piece of work: at once if there is time left in this turn. */
export function afterYield<T>(work: () => T): Later<T> {
  return yieldToEventLoop()?.then(work) ?? work();
}

export async function pieceByPiece<T>(work: Pieces<T>): Promise<T> {
  let piece = work.next();
  while (piece.done !== true) {
    await yieldToEventLoop();
    piece = work.next();
  }
  return piece.value;
}

function endTurn(): void {
  const next = waiting.shift();
  startedAt = next && performance.now();
  if (next === undefined) return;
  setImmediate(endTurn);
  next();
}
