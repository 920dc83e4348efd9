/** Work that may take long, in pieces: at each `yield` the event loop may go on. */
export type Pieces<T> = Generator<void, T>;

/** All pieces in one go. */
export function atOnce<T>(work: Pieces<T>): T {
  let piece = work.next();
  while (piece.done !== true) piece = work.next();
  return piece.value;
}
