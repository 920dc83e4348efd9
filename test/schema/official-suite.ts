import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Json, JsonObject } from "../../src/domain/json/json.js";

/** One schema of the suite, with what it says of values. */
export interface Group {
  readonly description: string;
  readonly schema: Json;
  readonly tests: readonly { readonly description: string; readonly data: Json; readonly valid: boolean }[];
}

/** The official JSON Schema Test Suite. */
export interface OfficialSuite {
  /** By draft, then by file without `.json`; files in folders keep the folder, as in `optional/format/email`. */
  readonly drafts: Readonly<Record<string, Readonly<Record<string, readonly Group[]>>>>;
  /** The files that its schemas refer to over HTTP, by path. */
  readonly remotes: Readonly<Record<string, Json>>;
}

const CACHE = new URL("../../node_modules/.cache/json-schema-test-suite", import.meta.url).pathname;
/** No package of the npm registry carries the suite; this one of Debian does. */
const DEBIAN_PACKAGE = "libtest-json-schema-acceptance-perl";
const IN_PACKAGE = "usr/share/perl5/auto/share/dist/Test-JSON-Schema-Acceptance";

/**
 * Reads the suite from the folder in JSON_SCHEMA_TEST_SUITE, else from Debian's package, which is fetched once.
 * @throws when there is none; the message says what to do
 */
export function readOfficialSuite(drafts: readonly string[]): OfficialSuite {
  const folder = process.env.JSON_SCHEMA_TEST_SUITE ?? fetchedSuite();
  const read = (path: string) =>
    Object.fromEntries(
      readdirSync(join(folder, path), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".json"))
        .map((file) => [file, JSON.parse(readFileSync(join(folder, path, file), "utf8"))]),
    ) as JsonObject;
  return {
    drafts: Object.fromEntries(
      drafts.map((draft) => {
        const files = Object.entries(read(join("tests", draft)));
        return [
          draft,
          Object.fromEntries(files.map(([file, groups]) => [file.slice(0, -".json".length), groups])),
        ];
      }),
    ) as unknown as OfficialSuite["drafts"],
    remotes: read("remotes"),
  };
}

function fetchedSuite(): string {
  const suite = join(CACHE, IN_PACKAGE);
  if (existsSync(suite)) return suite;
  process.stderr.write(`The tests need the JSON Schema Test Suite: apt-get download ${DEBIAN_PACKAGE} ...\n`);
  const fresh = `${CACHE}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  try {
    download(fresh);
    const [file = ""] = readdirSync(fresh).filter((name) => name.endsWith(".deb"));
    execFileSync("dpkg-deb", ["-x", join(fresh, file), fresh]);
    // Another process may have been faster.
    if (!existsSync(suite)) {
      rmSync(CACHE, { recursive: true, force: true });
      renameSync(fresh, CACHE);
    }
    return suite;
  } catch (error) {
    throw new Error(
      [
        `There is no JSON Schema Test Suite for the tests: ${(error as Error).message.trim()}`,
        "  - git clone https://github.com/json-schema-org/JSON-Schema-Test-Suite, and set JSON_SCHEMA_TEST_SUITE to that folder",
      ].join("\n"),
    );
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Needs no root; the list of packages may have to be fetched first, which does. */
function download(folder: string): void {
  const aptGet = (...words: string[]) => execFileSync("apt-get", words, { cwd: folder, stdio: "pipe" });
  try {
    aptGet("download", DEBIAN_PACKAGE);
  } catch {
    aptGet("update");
    aptGet("download", DEBIAN_PACKAGE);
  }
}
