import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * `npm run test:long -- [parts]`: everything at its whole length, part by part, each in a vitest of its own. A part that fails
 * or breaks leaves the others to run; the end tells what became of each.
 */
const FOLDERS = {
  rules: ["domain", "schema", "cache"],
  stores: ["store", "redis", "archive", "kazoo-import"],
  services: ["service", "auth", "reload"],
};
const under = (folders: readonly string[]) => folders.map((folder) => `test/${folder}/`);
/** What no other part names: the faces, attacks, commands, and whatever is new. */
const OTHERS = readdirSync("test", { withFileTypes: true })
  .map((entry) => (entry.isDirectory() ? `test/${entry.name}/` : `test/${entry.name}`))
  .filter((path) => path.endsWith("/") || path.endsWith(".test.ts"))
  .filter((path) => !under(Object.values(FOLDERS).flat()).includes(path));
const PARTS: Readonly<Record<string, readonly string[]>> = {
  rules: ["--project=all", ...under(FOLDERS.rules)],
  stores: ["--project=all", ...under(FOLDERS.stores)],
  services: ["--project=all", ...under(FOLDERS.services)],
  faces: ["--project=all", ...OTHERS],
  redis: ["--project=redis"],
  clients: ["--project=clients", "--project=web"],
  drills: ["--project=drills"],
};
const ENVIRONMENT = { STRATA_TEST_LONG: "1", LAW_TIMES: "10", ...process.env };

interface Outcome {
  readonly part: string;
  readonly minutes: number;
  readonly passed: number;
  /** The names of failed tests, of files that could not be loaded, or what ended the part itself. */
  readonly failed: readonly string[];
}

interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const asked = process.argv.slice(2);
const unknown = asked.filter((part) => !(part in PARTS));
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(", ")}. The parts are: ${Object.keys(PARTS).join(", ")}.`);
  process.exit(2);
}
const parts = Object.keys(PARTS).filter((part) => asked.length === 0 || asked.includes(part));
const folder = mkdtempSync(join(tmpdir(), "strata-long-"));
const outcomes: Outcome[] = [];
try {
  for (const part of parts) {
    say(`part ${outcomes.length + 1} of ${parts.length}: ${part}`);
    const outcome = run(part);
    outcomes.push(outcome);
    say(lineOf(outcome));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const outcome of outcomes) {
  say(lineOf(outcome));
  for (const name of outcome.failed) console.log(`  ${name}`);
}
process.exitCode = outcomes.some(({ failed }) => failed.length > 0) ? 1 : 0;

function run(part: string): Outcome {
  const file = join(folder, `${part}.json`);
  const started = performance.now();
  const { status, signal } = spawnSync(
    process.execPath,
    [
      "node_modules/vitest/vitest.mjs",
      "run",
      "--testTimeout=3600000",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${file}`,
      ...(PARTS[part] ?? []),
    ],
    { env: ENVIRONMENT, stdio: "inherit" },
  );
  const minutes = (performance.now() - started) / 60_000;
  const { numPassedTests = 0, testResults = [] } = reportIn(file);
  const failed = testResults.flatMap(({ name, status: of, assertionResults }) => {
    const tests = assertionResults.filter((test) => test.status === "failed").map((test) => test.fullName);
    return of === "failed" && tests.length === 0 ? [name] : tests;
  });
  const isBroken = status !== 0 && failed.length === 0;
  return {
    part,
    minutes,
    passed: numPassedTests,
    failed: isBroken ? [`vitest ended with ${signal ?? `code ${status}`}`] : failed,
  };
}

/** Nothing where the part broke before it had written one. */
function reportIn(file: string): Partial<Report> {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return {};
  }
}

function say(line: string): void {
  console.log(`${new Date().toISOString()} test:long: ${line}`);
}

function lineOf({ part, minutes, passed, failed }: Outcome): string {
  return `${part}: ${passed} passed, ${failed.length} failed, in ${minutes.toFixed(1)} minutes`;
}
