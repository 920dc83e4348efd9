import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { startServer } from "../../src/start-server.js";
import { temporaryFolder } from "../temporary-folder.js";

const run = promisify(execFile);
const SCHEMAS = new URL("../../schemas", import.meta.url).pathname;

/** What `npm start` starts, on a store and a port of its own; resolves to its origin. */
export async function runServer(settings: Readonly<Record<string, string>> = {}): Promise<string> {
  const app = await startServer({
    STRATA_PORT: "0",
    STRATA_STORE: `lmdb:${temporaryFolder()}`,
    STRATA_SCHEMAS: SCHEMAS,
    STRATA_LOG_LEVEL: "silent",
    ...settings,
  });
  onTestFinished(() => app.close());
  return app.listeningOrigin;
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
  const script = `curl() { command curl --silent --show-error --include --max-time 20 "$@"; }\n${line}`;
  const { stdout } = await run("bash", ["-c", script], { cwd: folder }).catch((error: Error) => {
    throw new Error(`These tests run curl in a bash. Are both installed? ${error.message}`);
  });
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
