import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("fault-shim.c", import.meta.url));

/** What breaks the disk of a process into which it is preloaded. @returns the file */
export function compileShim(into: string): string {
  const shim = join(into, "fault-shim.so");
  try {
    execFileSync("cc", ["-shared", "-fPIC", "-O1", "-o", shim, source], { stdio: "pipe" });
  } catch (error) {
    throw new Error(
      "This test breaks the disk for real and needs a C compiler for that: install one that answers to `cc` " +
        `(Debian: apt-get install gcc libc6-dev; Alpine: apk add build-base). ${String(error)}`,
    );
  }
  return shim;
}
