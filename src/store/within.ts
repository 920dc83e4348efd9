import { StrataError } from "../domain/errors.js";

/** @throws StrataError STORE_UNAVAILABLE when the work takes longer; the work itself goes on */
export async function within<T>(milliseconds: number, work: T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    // An error is dear to make, and hardly ever needed.
    const late = () => reject(new StrataError("STORE_UNAVAILABLE", "The store did not answer in time."));
    // A process that was busy finds the time up before it has looked at what came in: that first.
    timer = setTimeout(() => setImmediate(late), milliseconds);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
