import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";

const TESTS = fileURLToPath(new URL(".", import.meta.url));
/** Names where the programs are for this run, to test files and their processes. Benchmarks start some of them, too. */
const FOLDER_VARIABLE = "TEST_PROCESSES";
/** Packages are found from there. */
const BUILDS = fileURLToPath(new URL("../node_modules/.strata-test/", import.meta.url));

/** A file says where it is: it reads others beside it. */
const KEEP_ADDRESSES: Plugin = {
  name: "addresses",
  setup({ onLoad }) {
    onLoad({ filter: /\/(src|test)\/.*\.ts$/ }, ({ path }) => {
      const address = JSON.stringify(pathToFileURL(path).href);
      return { contents: readFileSync(path, "utf8").replaceAll("import.meta.url", address), loader: "ts" };
    });
  },
};

/**
 * Builds every `*-process.ts` of the tests, once for a run: to load its modules one by one takes each process 1.5 s of a processor
 * longer.
 */
export async function buildProcesses(): Promise<{ remove(): void }> {
  await mkdir(BUILDS, { recursive: true });
  const folder = mkdtempSync(BUILDS);
  const files = await readdir(TESTS, { recursive: true });
  const programs = files.filter(
    (file) => /-process\.ts$/.test(file) && !/node_modules|^test-process/.test(file),
  );
  await build({
    entryPoints: programs.map((file) => join(TESTS, file)),
    outdir: folder,
    outbase: TESTS,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    keepNames: true,
    sourcemap: "inline",
    plugins: [KEEP_ADDRESSES],
    logLevel: "error",
  });
  process.env[FOLDER_VARIABLE] = folder;
  return { remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The built program of a `*-process.ts`. */
export function builtProcess(file: URL): string {
  const folder = process.env[FOLDER_VARIABLE];
  if (folder === undefined) throw new Error("Nobody has built the programs: call buildProcesses() first.");
  return join(folder, relative(TESTS, fileURLToPath(file)).replace(/\.ts$/, ".js"));
}
