import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { writeDocsCode } from "./docs-code.js";

declare module "vitest" {
  interface ProvidedContext {
    clientsProblem?: string;
  }
}

const FOLDER = new URL(".", import.meta.url);
/** Says of which lock file the installed packages are. */
const STAMP = new URL("node_modules/.strata-lock", FOLDER);

/** Installs the clients, and makes the code of docs/clients.md ready to run. */
export async function setup(project: TestProject): Promise<void> {
  // Every test file of this project fails with a problem; the files of other projects do without.
  try {
    await install();
  } catch (error) {
    const message = `The clients could not be installed: "npm ci" in test/clients needs the npm registry. It said:\n${said(error)}`;
    project.provide("clientsProblem", message);
    return;
  }
  try {
    await writeDocsCode();
  } catch (error) {
    project.provide("clientsProblem", `A generator refuses the code of docs/clients.md:\n${said(error)}`);
  }
}

/** Where they are missing or older than the lock file: half a minute, once. */
async function install(): Promise<void> {
  const lock = createHash("sha256")
    .update(readFileSync(new URL("package-lock.json", FOLDER)))
    .digest("hex");
  if (installed() === lock) return;
  // A package of Swagger UI would tell its makers that it was installed.
  const env = { ...process.env, SCARF_ANALYTICS: "false" };
  await promisify(execFile)("npm", ["ci", "--no-fund", "--no-audit"], { cwd: FOLDER, env });
  writeFileSync(STAMP, lock);
}

function installed(): string | undefined {
  try {
    return readFileSync(STAMP, "utf8");
  } catch {
    return undefined;
  }
}

function said(error: unknown): string {
  const { stdout = "", stderr = "", message } = error as Error & { readonly [output: string]: string };
  return `${message}\n${stdout}\n${stderr}`.slice(-3_000);
}
