import { execFileSync, spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { originOf } from "./archive/strata-process.js";
import { temporaryFolder } from "./temporary-folder.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const IS_LONG = process.env.STRATA_TEST_LONG === "1";

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** What npm would publish: its file, and the paths in it. */
let archive: string;
let paths: string[] = [];
beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), "strata-package-"));
  // Without building it anew below the tests that run.
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const said = execFileSync("npm", args, { cwd: ROOT, encoding: "utf8", stdio: "pipe" });
  const [{ filename, files }] = JSON.parse(said) as [Packed];
  archive = join(folder, filename);
  paths = files.map(({ path }) => path);
  return () => rmSync(folder, { recursive: true, force: true });
});

function unpacked(folder: string): string {
  execFileSync("tar", ["xzf", archive, "-C", folder]);
  return join(folder, "package");
}

describe("the package", () => {
  test("holds what is needed to run, and nothing else", () => {
    const kinds = [
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|schema\.graphql)$/,
      /^dist\/(?!web\/).+\.js$/,
      /^dist\/web\/(console|explorer)\/index\.html$/,
      /^dist\/web\/assets\/[\w.-]+$/,
      /^schemas\/[\w.-]+\.json$/,
      /^examples\/tree\.json$/,
      /^docs\/[\w-]+\.md$/,
    ];
    expect(paths.filter((path) => !kinds.some((kind) => kind.test(path)))).toEqual([]);
    for (const kind of kinds)
      expect(
        paths.some((path) => kind.test(path)),
        String(kind),
      ).toBe(true);
    const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" });
    const programs = sources.filter((file) => file.endsWith(".ts")).map((file) => file.replace(/ts$/, "js"));
    for (const program of programs) expect(paths).toContain(`dist/${program}`);
    for (const schema of readdirSync(join(ROOT, "schemas"))) expect(paths).toContain(`schemas/${schema}`);
  });

  test("depends on every package that its programs import", () => {
    const imported = paths
      // The pages are bundled: what they are made of is in them.
      .filter((path) => path.startsWith("dist/") && !path.startsWith("dist/web/"))
      .flatMap((path) => [...readFileSync(join(ROOT, path), "utf8").matchAll(IMPORTED)])
      .map(([, name = ""]) => name)
      .filter((name) => !name.startsWith("node:") && !builtinModules.includes(name));
    expect(imported.length).toBeGreaterThan(20);
    expect([...new Set(imported)].filter((name) => !(name in manifest.dependencies))).toEqual([]);
  });
});

/** The package's name in an import that is not relative. */
const IMPORTED = /(?:\bfrom |^import |\bimport\()"((?:@[^"/]+\/)?[^"./@][^"/]*)/gm;

/** Runs `strata` of a package in a folder, without any setting but the port. */
function start(cli: string, cwd: string, settings: Record<string, string> = {}) {
  const env = { PATH: process.env.PATH ?? "", STRATA_PORT: "0", ...settings };
  const child = spawn(process.execPath, [cli, "start"], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let [output, errors] = ["", ""];
  child.stdout.on("data", (text) => {
    output += text;
  });
  child.stderr.on("data", (text) => {
    errors += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, ended, output: () => output, errors: () => errors };
}

/** What is in force for an account of the examples, or of none. */
async function pinTimeout(origin: string): Promise<unknown> {
  const query = `{ config(accountId: "acme", configId: "conferences") { value(at: "/pin_timeout") } }`;
  const body = JSON.stringify({ query });
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${origin}/graphql`, { method: "POST", headers, body });
  return response.json();
}

/** The status of the script that a page of the package begins with. */
async function scriptOf(url: string): Promise<number> {
  const [, script = "none"] =
    /<script type="module"[^>]* src="([^"]+)"/.exec(await (await fetch(url)).text()) ?? [];
  return (await fetch(new URL(script, url))).status;
}

const ANSWER = { data: { config: { value: 3_000 } } };

describe("strata start in an empty folder", () => {
  test("takes schemas and examples from the package, keeps its data there, and says where", async () => {
    const program = unpacked(temporaryFolder());
    symlinkSync(join(ROOT, "node_modules"), join(program, "node_modules"));
    const empty = temporaryFolder();
    const strata = start(join(program, "dist/cli.js"), empty);
    const origin = await originOf(strata.child);
    expect(await pinTimeout(origin)).toEqual(ANSWER);
    for (const path of ["/console", "/explorer"]) expect(await scriptOf(`${origin}${path}`)).toBe(200);
    expect(await (await fetch(`${origin}/docs`)).text()).toContain("/docs/security.md");
    expect(readdirSync(empty)).toEqual(["data"]);
    expect(strata.output()).toContain(`"store":"${join(empty, "data")}","msg":"store opened"`);
    expect(strata.output()).toContain(`"folder":"${join(program, "schemas")}","configs":`);
    expect(strata.errors()).toBe("");
  });

  test.runIf(IS_LONG)("works where it was installed from the registry, with nothing else there", async () => {
    const place = temporaryFolder();
    const [home, empty] = ["home", "empty"].map((name) => join(place, name)) as [string, string];
    for (const folder of [home, empty]) mkdirSync(folder);
    const env = { PATH: process.env.PATH, HOME: home, npm_config_cache: join(place, "cache") };
    const run = { cwd: empty, env, encoding: "utf8", stdio: "pipe" } as const;
    execFileSync("npm", ["install", "--ignore-scripts", archive], run);
    const listed = execFileSync("npx", ["--no-install", "strata", "--help"], run);
    for (const command of ["start", "export", "import", "import-kazoo", "token", "accept"])
      expect(listed).toMatch(new RegExp(`^ {2}${command}\\b`, "m"));
    const strata = start(join(empty, "node_modules/.bin/strata"), empty);
    expect(await pinTimeout(await originOf(strata.child))).toEqual(ANSWER);
  });
});

describe("the schema folder", () => {
  const CLI = join(ROOT, "dist/cli.js");
  const SCHEMA = { type: "object", properties: { own: { type: "integer", default: 1 } } };

  test("of the current folder comes before that of the package", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "schemas"));
    writeFileSync(join(folder, "schemas/account_config.mine.json"), JSON.stringify(SCHEMA));
    const strata = start(CLI, folder);
    await originOf(strata.child);
    expect(strata.output()).toContain(`"folder":"${join(folder, "schemas")}","configs":1,`);
  });

  test.each(["./schemas", "no/such"])(
    "that STRATA_SCHEMAS names is used or refused, never replaced: %s",
    async (named) => {
      const folder = temporaryFolder();
      const strata = start(CLI, folder, { STRATA_SCHEMAS: named });
      expect(await strata.ended).toBe(1);
      expect(strata.errors()).toMatch(/^The schema folder .* cannot be read: ENOENT.*STRATA_SCHEMAS/);
      expect(strata.errors()).toContain(` ${join(folder, named)} `);
    },
  );

  test("that cannot be read is named with its absolute path and its setting, where nobody has named it", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "schemas"), "a file");
    const strata = start(CLI, folder);
    expect(await strata.ended).toBe(1);
    expect(strata.errors()).toMatch(/cannot be read: ENOTDIR.*STRATA_SCHEMAS/);
    expect(strata.errors()).toContain(`The schema folder ${join(folder, "schemas")} cannot`);
  });
});

test("a store folder that cannot be used is named with its absolute path and its setting", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "data"), "a file");
  const strata = start(join(ROOT, "dist/cli.js"), folder);
  expect(await strata.ended).toBe(1);
  expect(strata.errors()).toContain(`The store folder ${join(folder, "data")} cannot be used`);
  expect(strata.errors()).toContain("STRATA_STORE");
});
