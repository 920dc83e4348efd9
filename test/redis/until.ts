const PAUSE_MS = 20;

/**
 * Waits until a condition holds. An error in it counts as "not yet".
 * @param what ends the sentence "still not the case: ..."
 * @throws when it has not come to hold in time
 */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  milliseconds = 10_000,
): Promise<void> {
  const deadline = performance.now() + milliseconds;
  let problem: unknown;
  do {
    try {
      if (await condition()) return;
      problem = undefined;
    } catch (error) {
      problem = error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  } while (performance.now() < deadline);
  throw new Error(`After ${milliseconds} ms still not the case: ${what}.`, { cause: problem });
}
