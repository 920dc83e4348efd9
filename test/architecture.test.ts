import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const SOURCE = new URL("../src", import.meta.url).pathname;

/** What each part may import of the others; itself always. A part is a file, or the longest folder that is listed here. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "domain/": [],
  "auth/": ["domain/"],
  "schema/": ["domain/"],
  "store/": ["domain/", "telemetry/"],
  "store/audit/": ["store/store.ts"],
  "telemetry/": [],
  "cache/": [],
  "service/": [
    "cache/",
    "domain/",
    "schema/",
    "store/store.ts",
    "store/audit/",
    "store/merge-cache.ts",
    "auth/",
  ],
  "service/check/": ["service/", "domain/", "schema/", "store/store.ts"],
  "service/plan/": ["service/", "domain/", "store/store.ts", "auth/"],
  "graphql/api/": ["service/", "domain/", "schema/", "auth/"],
  "graphql/server/": [
    "graphql/api/",
    "http/",
    "cache/",
    "service/",
    "domain/",
    "auth/",
    "stream/",
    "telemetry/",
  ],
  "rest/": ["service/", "domain/", "schema/", "auth/", "stream/"],
  "stream/": ["domain/", "auth/"],
  "ofrep/": [
    "cache/",
    "service/",
    "domain/",
    "schema/",
    "auth/",
    "http/",
    "stream/",
    "rest/entity-tag.ts",
    "rest/request-body.ts",
  ],
  "http/": ["service/", "domain/", "telemetry/"],
  "archive/": [
    "service/read/blamed-document.ts",
    "service/write/commit-until-done.ts",
    "domain/",
    "schema/bounds.ts",
    "store/archive.ts",
    "store/document-text.ts",
    "store/store.ts",
  ],
  "kazoo-import/": ["service/", "domain/", "auth/", "store/archive.ts", "store/store.ts"],
  "settings.ts": ["store/redis/redis-url.ts", "http/trusted-proxies.ts"],
  "env.ts": ["settings.ts", "domain/duration.ts", "store/redis/redis-url.ts", "http/trusted-proxies.ts"],
  "add-faces.ts": [
    "auth/",
    "graphql/server/identify.ts",
    "http/client-address.ts",
    "http/json-body.ts",
    "http/request-log.ts",
    "http/response-headers.ts",
    "ofrep/",
    "open-access.ts",
    "rest/rest-face.ts",
    "service/",
    "settings.ts",
    "stream/",
  ],
  "examples.ts": ["service/", "domain/", "auth/"],
  "app.ts": ["*"],
  "open-access.ts": [
    "auth/",
    "domain/",
    "settings.ts",
    "graphql/server/identify.ts",
    "http/client-address.ts",
  ],
  "open-schemas.ts": ["schema/", "service/", "http/metrics/metrics.ts", "settings.ts"],
  "open-store.ts": ["store/", "http/metrics/metrics.ts", "settings.ts"],
  "logger.ts": [],
  "start-server.ts": ["app.ts", "env.ts", "settings.ts", "logger.ts"],
  "main.ts": ["app.ts", "open-store.ts", "start-server.ts"],
  "cli/open-archive.ts": ["store/", "env.ts", "settings.ts"],
  "cli/open-kazoo-import.ts": [
    "cli/open-archive.ts",
    "kazoo-import/",
    "schema/",
    "service/",
    "store/store.ts",
    "env.ts",
  ],
  "cli/print-schemas.ts": ["ofrep/manifest.ts", "schema/", "env.ts"],
  "cli/open-diff.ts": ["cli/open-archive.ts", "command/", "schema/", "service/", "auth/", "env.ts"],
  "cli/open-check.ts": ["cli/open-archive.ts", "command/", "schema/", "env.ts"],
  "cli/open-plan.ts": [
    "cli/open-archive.ts",
    "command/",
    "schema/",
    "service/",
    "service/plan/",
    "store/store.ts",
    "store/store-trial.ts",
    "env.ts",
  ],
  "cli/open-prune.ts": ["cli/open-archive.ts", "schema/", "service/", "env.ts"],
  "command/": [
    "service/check/",
    "service/config-service.ts",
    "service/impact/impact-page.ts",
    "service/plan/",
    "service/problems.ts",
    "service/prune.ts",
    "service/read/attributed-changes.ts",
    "ofrep/manifest.ts",
    "archive/",
    "kazoo-import/",
    "domain/",
    "store/archive.ts",
    "store/audit/",
    "store/store.ts",
    "settings.ts",
  ],
  "cli/run-cli.ts": [
    "command/",
    "archive/progress.ts",
    "cli/open-archive.ts",
    "cli/open-check.ts",
    "cli/open-diff.ts",
    "cli/open-kazoo-import.ts",
    "cli/open-plan.ts",
    "cli/open-prune.ts",
    "cli/print-schemas.ts",
    "env.ts",
    "main.ts",
  ],
  "cli.ts": ["cli/run-cli.ts"],
};

interface Import {
  readonly from: string;
  readonly to: string;
}

function sourceFiles(): string[] {
  return readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(SOURCE, file), "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, specifier]) => specifier ?? "");
}

function partOf(file: string): string {
  const folders = [...file.matchAll(/\//g)].map(({ index }) => file.slice(0, index + 1));
  return [...folders, file].findLast((part) => part in MAY_IMPORT) ?? folders[0] ?? file;
}

const files = sourceFiles();
const internal: Import[] = files.flatMap((from) =>
  importsOf(from)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => ({
      from,
      to: relative(SOURCE, resolve(SOURCE, from, "..", specifier)).replace(/\.js$/, ".ts"),
    })),
);

describe("imports point one way", () => {
  test("there is something to look at", () => {
    expect(files.length).toBeGreaterThan(30);
    expect(internal.length).toBeGreaterThan(60);
  });

  test("every part is known", () => {
    expect(files.map(partOf).filter((part) => !(part in MAY_IMPORT))).toEqual([]);
  });

  test("no part imports what it may not know", () => {
    const broken = internal.filter(({ from, to }) => {
      const allowed = MAY_IMPORT[partOf(from)] ?? [];
      return (
        partOf(from) !== partOf(to) &&
        !allowed.some((rule) => rule === "*" || rule === to || rule === partOf(to))
      );
    });
    expect(broken).toEqual([]);
  });

  test("the domain uses no package and nothing of the platform", () => {
    const used = files
      .filter((file) => file.startsWith("domain/"))
      .flatMap((file) => importsOf(file).map((specifier) => ({ file, specifier })))
      .filter(({ specifier }) => !specifier.startsWith("."));
    expect(used).toEqual([]);
  });

  test("only the compositions, of the server and of its commands, know which store is used", () => {
    const compositions = ["app.ts", "open-store.ts", "cli/open-archive.ts"];
    const adapters = internal.filter(({ to }) =>
      /^store\/.+-(store|archive-source|archive-target)\.ts$/.test(to),
    );
    const elsewhere = adapters.filter(
      ({ from }) => !compositions.includes(from) && partOf(from) !== "store/",
    );
    expect(elsewhere).toEqual([]);
  });

  test("there are no import cycles, of any length", () => {
    expect(cycles(internal)).toEqual([]);
  });

  test("a cycle is found, whatever its length and wherever the search begins", () => {
    const edges = [..."abcd"].map((from, index) => ({ from, to: "bcda"[index] ?? "" }));
    const entered = [{ from: "x", to: "b" }, ...edges];
    expect(cycles(edges)).toEqual([["a", "b", "c", "d", "a"]]);
    expect(cycles(entered)).toHaveLength(1);
    expect(cycles(edges.slice(1))).toEqual([]);
  });
});

function cycles(imports: readonly Import[]): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file]);
    if (start >= 0 || done.has(file)) return;
    for (const { from, to } of imports) if (from === file) visit(to, [...path, file]);
    done.add(file);
  };
  for (const { from } of imports) visit(from, []);
  return found;
}

/** Words that have given way to those of the industry: admission filter, yield, keyed mutex, timing guard, visible, may access. */
const RETIRED = /^(recurrence|recurring|breathe|turns|unhurried|knows|sees|seen|remembered)$/i;

describe("names", () => {
  test("files and exports have no retired word", () => {
    const names = files.flatMap((file) => {
      const text = readFileSync(join(SOURCE, file), "utf8");
      const exported = text.matchAll(/^export (?:async )?(?:class|const|function|interface|type) (\w+)/gm);
      return [file.replace(/\.ts$/, ""), ...[...exported].map(([, name]) => name ?? "")];
    });
    expect(names.length).toBeGreaterThan(60);
    const words = (name: string) => name.replace(/([a-z])([A-Z])/g, "$1 $2").split(/[ /-]/);
    expect(names.filter((name) => words(name).some((word) => RETIRED.test(word)))).toEqual([]);
  });

  test("files are kebab-case, named after what they hold", () => {
    expect(
      files.filter(
        (file) => !/^([a-z0-9-]+\/)*[a-z0-9-]+(\.(type|input|args|resolver|plugin))?\.ts$/.test(file),
      ),
    ).toEqual([]);
  });

  test("the words that were retired name no file and no export of the GraphQL endpoint", () => {
    const retired =
      /quick-?lane|short-?cuts?|kept-?answers?|made-?answer|planned-?quer|learn-?from|question|manner|document-?store/i;
    const named = files
      .filter((file) => /^(graphql|http)\//.test(file))
      .flatMap((file) => [
        file,
        ...[...readFileSync(join(SOURCE, file), "utf8").matchAll(/^export (?:\w+ )+?(\w+)[\s(<:=]/gm)].map(
          ([, name]) => `${file} ${name}`,
        ),
      ]);
    expect(named.length).toBeGreaterThan(100);
    expect(named.filter((name) => retired.test(name))).toEqual([]);
  });

  test("nothing is called utils, helpers, common or types", () => {
    expect(files.filter((file) => /(^|\/)(utils?|helpers?|common|types|index)\.ts$/.test(file))).toEqual([]);
  });

  test("exports are named, never default", () => {
    expect(files.filter((file) => /^export default/m.test(readFileSync(join(SOURCE, file), "utf8")))).toEqual(
      [],
    );
  });
});

test("no generator function is made at each call of another: V8 keeps what it refers to until old memory is collected", () => {
  const made = /^ {4,}(async )?\*|^ .*function ?\*/m;
  expect(["    *pieces() {", "  return (async function* () {"].every((line) => made.test(line))).toBe(true);
  expect(
    ["  *methodOfAClass() {", "function* atTheTop() {", "   * a comment"].some((line) => made.test(line)),
  ).toBe(false);
  expect(files.filter((file) => made.test(readFileSync(join(SOURCE, file), "utf8")))).toEqual([]);
});
