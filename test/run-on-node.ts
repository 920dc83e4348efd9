import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/**
 * `npm run test:node -- <version> [arguments of vitest]`: the suite, or a part of it, on another Node.js, whose binary the
 * package `node` brings.
 */
const [version = "", ...args] = process.argv.slice(2);
if (!/^\d+(\.\d+){0,2}$/.test(version)) {
  console.error("Name a version of Node.js: npm run test:node -- 24 [files]");
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "strata-node-"));
try {
  const flags = ["--no-save", "--no-fund", "--no-audit", "--foreground-scripts"];
  run("npm", ["install", "--prefix", folder, ...flags, `node@${version}`]);
  const bin = join(folder, "node_modules/node/bin");
  // The servers and drills that tests start take the first `node` of the path.
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  run(join(bin, "node"), ["--version"]);
  run(join(bin, "node"), ["node_modules/vitest/vitest.mjs", "run", ...args], env);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Ends with what failed, once the folder is gone. */
function run(command: string, words: readonly string[], env: NodeJS.ProcessEnv = process.env): void {
  if (process.exitCode) return;
  const { status } = spawnSync(command, words, { env, stdio: "inherit" });
  if (status !== 0) process.exitCode = status ?? 1;
}
