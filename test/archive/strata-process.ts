import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { expect, onTestFinished } from "vitest";

export const CLI = new URL("../../dist/cli.js", import.meta.url).pathname;
const SCHEMAS = new URL("../../schemas", import.meta.url).pathname;

if (!existsSync(CLI)) throw new Error("dist/cli.js is not there: npm test builds it");

export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** The command as its users run it: the file itself, with no settings but these. */
export function spawnStrata(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const env = { PATH: process.env.PATH ?? "", STRATA_SCHEMAS: SCHEMAS, STRATA_PORT: "0", ...settings };
  const child = spawn(CLI, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let [output, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const ended = once(child, "close").then(([code]): Ended => {
    expect(errors).not.toMatch(/^ +at /m);
    return { code, output, errors };
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return { child, ended };
}

export function strata(args: readonly string[], settings?: Readonly<Record<string, string>>): Promise<Ended> {
  return spawnStrata(args, settings).ended;
}
