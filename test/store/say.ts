import { writeSync } from "node:fs";

/** At once, not when the event loop comes round: what is said is on the parent's side of the pipe. */
export function say(line: unknown): void {
  const bytes = Buffer.from(`${typeof line === "string" ? line : JSON.stringify(line)}\n`);
  for (let written = 0; written < bytes.length; ) written += writeSome(bytes.subarray(written));
}

/** The pipe does not block: when the parent is slow it is full, and the child waits. */
function writeSome(bytes: Buffer): number {
  try {
    return writeSync(1, bytes);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    return 0;
  }
}
