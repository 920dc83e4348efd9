const start = performance.now();

/** What is going on, for whoever waits: on standard error, so that standard output is the result alone. */
export function progress(text: string): void {
  const seconds = ((performance.now() - start) / 1_000).toFixed(0).padStart(4);
  process.stderr.write(`${seconds} s  ${text}\n`);
}
