import { spawn } from "node:child_process";
import { Socket } from "node:net";

/**
 * Runs a shell script when this process ends, in whatever way: a test worker is ended by a signal, and then runs no exit
 * handler.
 * @param words what the script finds in $1 and so on
 * @returns calls it off
 */
export function whenWeEnd(script: string, ...words: readonly string[]): () => void {
  // Nothing is ever written to its standard input, which ends when we do. Detached: Ctrl-C is not for it.
  const guard = spawn("/bin/sh", ["-c", `read -r line; ${script}`, "sh", ...words], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.unref();
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  return () => guard.kill("SIGKILL");
}
