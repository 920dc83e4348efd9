import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "../temporary-folder.js";

const ROOT = new URL("../..", import.meta.url).pathname;

/** What `npm start` starts, as a process of its own on a store and a port of its own; resolves to its origin. */
export async function startServer(settings: Readonly<Record<string, string>> = {}): Promise<string> {
  const server = spawn(process.execPath, ["--import", "tsx", "src/main.ts"], {
    cwd: ROOT,
    env: { ...process.env, STRATA_PORT: "0", STRATA_STORE: `lmdb:${temporaryFolder()}`, ...settings },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => server.on("exit", () => resolve()));
  onTestFinished(async () => {
    server.kill("SIGTERM");
    await ended;
  });
  for await (const line of createInterface(server.stdout)) {
    const origin = /listening at (http:[^"]+)"/.exec(line)?.[1];
    if (origin === undefined) continue;
    server.stdout.resume();
    return origin;
  }
  throw new Error("the server ended before it listened");
}

export interface CurlAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Runs a command line that calls curl, word for word, in a shell; all that is added is how the answer is printed.
 * @param folder where `@file` is looked for
 */
export async function runCurl(line: string, folder: string): Promise<CurlAnswer> {
  const run = promisify(execFile);
  await run("curl", ["--version"]).catch(() => {
    throw new Error("these tests run curl: install it");
  });
  const script = `curl() { command curl --silent --show-error --include --max-time 20 "$@"; }\n${line}`;
  const { stdout } = await run("bash", ["-c", script], { cwd: folder });
  const end = stdout.indexOf("\r\n\r\n");
  const [status = "", ...lines] = stdout.slice(0, end).split("\r\n");
  return {
    status: Number(status.split(" ")[1]),
    headers: Object.fromEntries(
      lines.map((header) => {
        const colon = header.indexOf(":");
        return [header.slice(0, colon).toLowerCase(), header.slice(colon + 1).trim()];
      }),
    ),
    body: stdout.slice(end + 4),
  };
}
