import type { Pieces } from "../domain/pieces.js";

/** Milliseconds that work may hold the event loop. */
const SLICE_MS = 8;
/** The same for work that no request waits for, or that takes seconds: others have their turn before they notice. */
export const BACKGROUND_MS = 0.25;

/** One turn of so many is for work that lets other work go first, however much of that there is. */
const BACKGROUND_SHARE = 4;

/** When the turn of the event loop that is under way did its first piece of work; undefined: it has done none. */
let startedAt: number | undefined;
/** Whether that was background work. */
let isBackgroundTurn = false;
const waiting: (() => void)[] = [];
const background: (() => void)[] = [];
let turns = 0;

/**
 * Call it before each piece of work that may take milliseconds. Awaiting cached values does not yield to the event loop:
 * a request for a hundred such pieces would do all of them in one turn.
 * @returns undefined when there is time left in this turn; else what to wait for. Each turn of the loop lets one piece go
 * on, first come, first served.
 * @param sliceMs that work may hold the event loop
 */
export function yieldToEventLoop(sliceMs = SLICE_MS): Promise<void> | undefined {
  return waiting.length === 0 && isTimeLeft(sliceMs)
    ? undefined
    : new Promise((resolve) => waiting.push(resolve));
}

/**
 * The same for work that takes seconds: its slices are short, and other work goes first. None begins where answers of a store
 * or requests are being received: whatever they lead to is sent before.
 */
export function yieldInBackground(): Promise<void> | undefined {
  return isTimeLeft(BACKGROUND_MS) && isBackgroundTurn && waiting.length === 0
    ? undefined
    : new Promise((resolve) => background.push(resolve));
}

function isTimeLeft(sliceMs: number): boolean {
  if (startedAt === undefined) {
    startedAt = performance.now();
    setImmediate(endTurn);
  }
  return performance.now() - startedAt < sliceMs;
}

export type Later<T> = T | Promise<T>;

/** Does a piece of work: at once if there is time left in this turn. */
export function afterYield<T>(work: () => T): Later<T> {
  return yieldToEventLoop()?.then(work) ?? work();
}

export async function pieceByPiece<T>(
  work: Pieces<T>,
  yieldBetween: () => Promise<void> | undefined = yieldToEventLoop,
): Promise<T> {
  let piece = work.next();
  while (piece.done !== true) {
    await yieldBetween();
    piece = work.next();
  }
  return piece.value;
}

function endTurn(): void {
  const isForBackground = ++turns % BACKGROUND_SHARE === 0;
  const [first, second] = isForBackground ? [background, waiting] : [waiting, background];
  const from = first.length > 0 ? first : second;
  const next = from.shift();
  startedAt = next && performance.now();
  isBackgroundTurn = next !== undefined && from === background;
  if (next === undefined) return;
  setImmediate(endTurn);
  next();
}
