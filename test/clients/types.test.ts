import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { test } from "vitest";

test("the code of docs/clients.md, and what uses it here, type-checks", async () => {
  const folder = new URL(".", import.meta.url).pathname;
  const compiled = promisify(execFile)(`${folder}node_modules/.bin/tsc`, ["-p", folder]);
  await compiled.catch(({ stdout }: { readonly stdout: string }) => {
    throw new Error(stdout);
  });
}, 300_000);
