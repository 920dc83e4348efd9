import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { Writable } from "node:stream";
import { expect, onTestFinished } from "vitest";
import { runCli } from "../../src/cli/run-cli.js";

export const CLI = new URL("../../dist/cli.js", import.meta.url).pathname;
const SCHEMAS = new URL("../../schemas", import.meta.url).pathname;

if (!existsSync(CLI)) throw new Error("dist/cli.js is not there: npm test builds it");

export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

type Given = Readonly<Record<string, string>>;

/** All the settings that a command gets. */
function environment(settings: Given): Record<string, string> {
  return { PATH: process.env.PATH ?? "", STRATA_SCHEMAS: SCHEMAS, STRATA_PORT: "0", ...settings };
}

/** The command as its users run it: the file itself, as a process of its own. */
export function spawnStrata(
  args: readonly string[],
  settings: Given = {},
  cwd?: string,
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(CLI, args, { cwd, env: environment(settings), stdio: ["ignore", "pipe", "pipe"] });
  let [output, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const ended = once(child, "close").then(([code]) => withoutStack({ code, output, errors }));
  onTestFinished(() => void child.kill("SIGKILL"));
  return { child, ended };
}

/** The command as its file runs it, without starting a process. The server needs one: it answers to signals. */
export async function strata(args: readonly string[], settings: Given = {}): Promise<Ended> {
  if (args.length === 0) throw new Error("Start the server with spawnStrata.");
  const [stdout, stderr] = [new WrittenText(), new WrittenText()];
  const code = await runCli(args, { env: environment(settings), stdout, stderr });
  return withoutStack({ code, output: stdout.text, errors: stderr.text });
}

class WrittenText extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

function withoutStack(ended: Ended): Ended {
  expect(ended.errors).not.toMatch(/^ +at /m);
  return ended;
}

/** Resolves to its origin once a process listens. */
export async function originOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("no output");
  let said = "";
  return new Promise((resolve, reject) => {
    child.stdout?.on("data", (text) => {
      said += String(text);
      const origin = /listening at (http:[^"]+)"/.exec(said)?.[1];
      if (origin !== undefined) resolve(origin);
    });
    child.once("close", () => reject(new Error(`it ended before it listened: ${said}`)));
  });
}
