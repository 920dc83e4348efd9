import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ArchiveItem } from "../../src/store/archive.js";
import { openLmdbArchiveTarget } from "../../src/store/lmdb/lmdb-archive-target.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { sharedRedisUrl } from "../redis/run-redis.js";
import { account, write } from "../store/archive-contract.js";
import { documentKey } from "../store/store-contract.js";
import { storedDocuments } from "../store/stored-documents.js";
import { FAST_DISK } from "../store/test-store.js";
import { temporaryFolder } from "../temporary-folder.js";
import { itemLines, restoreInto } from "./archive-fixture.js";
import { CLI, originOf, spawnStrata, strata } from "./strata-process.js";

const SECRET = "s3cret";
const REDIS = `redis://user:${SECRET}@localhost:1`;
/** So many that an export and an import take a moment. */
const MANY = 20_000;

const ITEMS: readonly ArchiveItem[] = [
  account("root", undefined, 1),
  account("shop", "root", 2),
  write(documentKey("shop", "x"), { revision: 1, sequence: 3, nonce: "n3" }, '{"v":1.0}'),
  write(documentKey(undefined, "x"), { revision: 1, sequence: 4, nonce: "n4" }, '{"v":2}'),
];
const EXPORTED = /^Exported 2 accounts and 2 writes \(0\.0 MB\) as of commit 4, SHA-256 [0-9a-f]{64}\n$/;

let parent: string;
let folder: string;
let file: string;
let from: string;
/** Stores that are made once, and copied for each test: one of `ITEMS`, and one of many. */
let [few, many] = ["", ""];
beforeAll(async () => {
  const made = await mkdtemp(join(FAST_DISK ?? tmpdir(), "strata-cli-"));
  [few, many] = [join(made, "few"), join(made, "many")];
  const documents = Array.from({ length: MANY }, (_, n) => {
    const version = { revision: 1, sequence: n + 2, nonce: `n${n}` };
    return write(documentKey("root", `c${n}`), version, `{"n":${n}}`);
  });
  await restoreInto(few, ITEMS, 4);
  await restoreInto(many, [account("root", undefined, 1), ...documents], MANY + 1);
  return () => rm(made, { recursive: true });
});
beforeEach(async () => {
  parent = temporaryFolder();
  folder = join(parent, "store");
  file = join(parent, "backup.jsonl");
  from = `--store=lmdb:${folder}`;
  await cp(few, folder, { recursive: true });
});

async function restoreMany(at = folder): Promise<void> {
  await rm(at, { recursive: true, force: true });
  await cp(many, at, { recursive: true });
}

/** What a terminal is told in order to write over its last line. */
const OVER = "\r\x1b[K";

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Waits until something is there. */
async function appears(path: string, size = 0): Promise<void> {
  while (((await stat(path).catch(() => undefined))?.size ?? -1) < size)
    await new Promise((resolve) => setTimeout(resolve, 2));
}

describe("strata", () => {
  test("says what it can do, and which version it is", async () => {
    for (const ask of [["help"], ["--help"], ["-h"]]) {
      const { code, output, errors } = await strata(ask);
      expect([code, errors]).toEqual([0, ""]);
      for (const word of ["start", "export", "import", "--to", "--force", "--merge", "--replace", "--store"])
        expect(output).toContain(word);
    }
    const { version } = JSON.parse(await readFile(join(CLI, "../../package.json"), "utf8"));
    expect(await strata(["--version"])).toEqual({ code: 0, output: `${version}\n`, errors: "" });
  });

  test.each([
    [["exprot"], "There is no command exprot."],
    [["--force"], "There is no command --force."],
    [["export", "--too=x"], "There is no option --too."],
    [["export", "-t", "x"], "There is no option -t."],
    [["export", "--to"], "The option --to needs a value."],
    [["export", "--to", "--force"], "The option --to needs a value."],
    [["export", "--to="], "The option --to needs a value."],
    [["export", "--force=yes"], "The option --force takes no value."],
    [["export", "backup.jsonl"], "An export goes to a file with --to <file>."],
    [["import"], "An import needs one file."],
    [["import", "a", "b"], "An import needs one file."],
    [
      ["import", "-"],
      "An import needs a file: all of it is verified before anything is written. Save what comes in first.",
    ],
    [["import", "a", "--merge", "--replace"], "An import either merges or replaces, not both."],
    [["start", "now"], "start takes nothing: its settings are environment variables."],
  ])("%j is answered with a line and exit code 2", async (args, message) => {
    expect(await strata(args, { STRATA_STORE: `lmdb:${folder}` })).toEqual({
      code: 2,
      output: "",
      errors: `${message} strata help says what there is.\n`,
    });
  });

  test.each([
    [[REDIS]],
    [["export", REDIS]],
    [["export", "--store", REDIS]],
    [["export", `--stroe=${REDIS}`]],
    [["export", `--${REDIS}`]],
    [["export", "--store", `x${REDIS}`]],
    [["export", "--store", `redis://user:${SECRET}@`]],
    [["import", "nowhere", "--store", REDIS]],
    [["import", "--merge", `--store=${REDIS}`, "a", "b"]],
  ])("never prints a password that it was given: %j", async (args) => {
    const { code, output, errors } = await strata(args);
    expect(code).not.toBe(0);
    expect(output + errors).not.toContain(SECRET);
    expect(errors.trim()).not.toBe("");
  });

  /** Everything else about these command lines is tried without a process. */
  test.each([
    [0, ["help"]],
    [0, ["export", "--to", "copy.jsonl"]],
    [0, ["token", "--superadmin"]],
    [1, ["export", "--store", "lmdb:nowhere"]],
    [1, ["import", "nowhere"]],
    [1, ["import-kazoo", "nowhere"]],
    [2, ["exprot"]],
    [2, ["start", "now"]],
    [2, ["token"]],
    [2, ["accept"]],
  ])("as a process, ends with %i: %j", async (code, args) => {
    const settings = { STRATA_STORE: `lmdb:${folder}`, STRATA_JWT_SECRET: "x".repeat(32) };
    const { child, ended } = spawnStrata(args, settings, parent);
    expect(await ended).toMatchObject({ code });
    expect(child.signalCode).toBeNull();
    const { output, errors } = await ended;
    if (code === 0) return;
    expect([output, errors.trim().split("\n").length]).toEqual(["", 1]);
  });
});

describe("strata export", () => {
  test("writes a file that only its owner may read, and says what is in it", async () => {
    const { code, output, errors } = await strata(["export", "--to", file, from]);
    expect([code, output]).toEqual([0, ""]);
    expect(errors).toMatch(EXPORTED);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readdir(parent)).sort()).toEqual(["backup.jsonl", "store"]);
    expect(itemLines(await readFile(file))).toHaveLength(4);
  });

  test("writes to standard output when no file is named, and takes the store from STRATA_STORE", async () => {
    await strata(["export", "--to", file, from]);
    for (const args of [["export"], ["export", "--to", "-"]]) {
      const { code, output, errors } = await strata(args, { STRATA_STORE: `lmdb:${folder}` });
      expect(code).toBe(0);
      expect(itemLines(Buffer.from(output))).toEqual(itemLines(await readFile(file)));
      expect(errors).toMatch(EXPORTED);
    }
    expect((await readdir(parent)).sort()).toEqual(["backup.jsonl", "store"]);
  });

  test("does not replace a file unless it is told to, and a folder never", async () => {
    await writeFile(file, "mine");
    expect(await strata(["export", "--to", file, from])).toEqual({
      code: 1,
      output: "",
      errors: `There is a file ${file} already. Name another one, or replace it with --force.\n`,
    });
    expect(await readFile(file, "utf8")).toBe("mine");
    expect(await strata(["export", "--to", file, from, "--force"])).toMatchObject({ code: 0 });
    expect(itemLines(await readFile(file))).toHaveLength(4);
    for (const path of [folder, "/dev/null"]) {
      const { code, errors } = await strata(["export", "--to", path, from, "--force"]);
      expect([code, errors]).toEqual([1, `${path} is not a file.\n`]);
    }
  });

  test("replaces what a killed export left, whoever could read that", async () => {
    await writeFile(`${file}.partial`, "left", { mode: 0o644 });
    expect(await strata(["export", "--to", file, from])).toMatchObject({ code: 0 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await isThere(`${file}.partial`)).toBe(false);
  });

  test("says where there is no store, and makes nothing", async () => {
    const nowhere = join(parent, "nowhere");
    const errors = `There is no store in the folder ${nowhere}.\n`;
    expect(await strata(["export", `--store=lmdb:${nowhere}`])).toEqual({ code: 1, output: "", errors });
    expect(await strata(["export", "--to", file, `--store=lmdb:${nowhere}`])).toMatchObject({
      code: 1,
      errors,
    });
    await mkdir(nowhere);
    expect(await strata(["export", `--store=lmdb:${nowhere}`])).toEqual({ code: 1, output: "", errors });
    expect((await readdir(parent)).sort()).toEqual(["nowhere", "store"]);
    expect(await readdir(nowhere)).toEqual([]);
  });

  test("says why a file cannot be written, and leaves none behind", async () => {
    const path = join(parent, "nowhere", "backup.jsonl");
    const { code, errors } = await strata(["export", "--to", path, from]);
    expect(code).toBe(1);
    expect(errors).toMatch(/^The file .*nowhere\/backup\.jsonl cannot be written: ENOENT.*\n$/);
  });

  test.runIf(process.platform === "linux")("says why the output cannot be written", async () => {
    await restoreMany();
    const run = (redirect: string) =>
      spawnSync("sh", ["-c", `"$0" export "$1" ${redirect}`, CLI, from], { encoding: "utf8" });
    const full = run("> /dev/full");
    expect([full.status, full.stderr]).toEqual([
      1,
      expect.stringMatching(/^The output cannot be written: .*ENOSPC.*\n$/),
    ]);
    const closed = run("2> $2/errors | head -c 100; cat $2/errors >&2".replaceAll("$2", parent));
    expect(closed.stderr).toMatch(/^The output cannot be written: .*EPIPE.*\n$/);
  });

  test("takes its half of a file away when it is interrupted", async () => {
    await restoreMany();
    const { child, ended } = spawnStrata(["export", "--to", file, from]);
    await appears(`${file}.partial`);
    child.kill("SIGINT");
    expect(await ended).toEqual({ code: 1, output: "", errors: "The export was interrupted.\n" });
    expect((await readdir(parent)).sort()).toEqual(["store"]);
  });

  test("takes its half of a file away when it fails", async () => {
    await restoreMany();
    const { child, ended } = spawnStrata(["export", "--to", file, from]);
    await appears(`${file}.partial`, 1);
    child.kill("SIGSTOP");
    const target = await openLmdbArchiveTarget({ folder });
    await target.begin("another life", true);
    await target.finish(MANY + 2, 0);
    await target.close();
    child.kill("SIGCONT");
    const { code, errors } = await ended;
    expect([code, errors]).toEqual([1, expect.stringMatching(/another one while it was copied/)]);
    expect((await readdir(parent)).sort()).toEqual(["store"]);
  });

  test("leaves the file to another export that took its place", async () => {
    await restoreMany();
    const partial = `${file}.partial`;
    const first = spawnStrata(["export", "--to", file, from]);
    await appears(partial);
    first.child.kill("SIGSTOP");
    const { ino } = await stat(partial);
    const second = spawnStrata(["export", "--to", file, from]);
    while ((await stat(partial).catch(() => undefined))?.ino === ino) await appears(partial);
    await appears(partial);
    second.child.kill("SIGSTOP");
    first.child.kill("SIGCONT");
    const { code, errors } = await first.ended;
    expect([code, errors]).toEqual([1, `Another export is writing the same file: ${partial}.\n`]);
    expect((await readdir(parent)).sort()).toEqual(["backup.jsonl.partial", "store"]);
    second.child.kill("SIGCONT");
    expect(await second.ended).toMatchObject({ code: 0 });
    expect(itemLines(await readFile(file))).toHaveLength(MANY + 1);
  });

  test("copies a store whatever is wrong with settings of the server", async () => {
    const wrong = { STRATA_JWT_SECRET: "short", STRATA_PORT: "none" };
    expect(await strata(["export", "--to", file, from], wrong)).toMatchObject({
      code: 0,
      errors: expect.stringMatching(EXPORTED),
    });
    const { code, errors } = await strata(["export"], { ...wrong, STRATA_STORE: "nowhere" });
    expect([code, errors]).toEqual([1, expect.stringMatching(/STRATA_STORE/)]);
    expect(errors).not.toMatch(/STRATA_JWT_SECRET/);
  });

  test("copies the store of a server that runs", async () => {
    const { child, ended } = spawnStrata(["start"], { STRATA_STORE: `lmdb:${folder}` });
    await originOf(child);
    expect(await strata(["export", "--to", file, from])).toMatchObject({ code: 0 });
    expect(itemLines(await readFile(file))).toHaveLength(4);
    for (const how of [[], ["--merge"], ["--replace"]]) {
      const { code, errors } = await strata(["import", file, from, ...how]);
      expect([code, errors]).toEqual([
        1,
        expect.stringMatching(/^The store folder .* is in use by another Strata/),
      ]);
    }
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 0, errors: "" });
  });
});

describe("strata import", () => {
  const other = () => join(parent, "other");
  const into = () => `--store=lmdb:${other()}`;

  test("fills an empty store, which can then be exported, served and not filled again", async () => {
    await strata(["export", "--to", file, from]);
    expect(await strata(["import", file, into()])).toEqual({
      code: 0,
      output: "",
      errors: "Imported 2 accounts and 2 writes of 2 documents. The next commit is 5.\n",
    });
    const { output } = await strata(["export", into()]);
    expect(itemLines(Buffer.from(output))).toEqual(itemLines(await readFile(file)));
    const refused = await strata(["import", file, into()]);
    expect(refused).toMatchObject({
      code: 1,
      output: "",
      errors: expect.stringMatching(/^The store is not empty/),
    });
    expect(await strata(["import", file, into(), "--replace"])).toMatchObject({ code: 0 });
    expect(await strata(["import", file, "--merge"], { STRATA_STORE: `lmdb:${other()}` })).toEqual({
      code: 0,
      output: "",
      errors: "Merged: 0 accounts created, 0 documents set; all others were as in the file already.\n",
    });
  });

  test("moves a store to Redis and back, every line of it", async () => {
    await strata(["export", "--to", file, from]);
    const settings = { STRATA_CELL: randomUUID(), STRATA_STORE: sharedRedisUrl() };
    expect(await strata(["import", file], settings)).toMatchObject({ code: 0 });
    expect(await strata(["import", file], settings)).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^The store is not empty/),
    });
    expect(await strata(["import", file, "--merge"], settings)).toMatchObject({
      code: 0,
      errors: expect.stringMatching(/^Merged: 0 accounts created, 0/),
    });
    const there = join(parent, "there.jsonl");
    expect(await strata(["export", "--to", there], settings)).toMatchObject({ code: 0 });
    expect(await strata(["import", there, into()])).toMatchObject({ code: 0 });
    const { output } = await strata(["export", into()]);
    expect(itemLines(Buffer.from(output))).toEqual(itemLines(await readFile(file)));
    expect(itemLines(await readFile(there)).sort()).toEqual(itemLines(await readFile(file)).sort());
  });

  test("refuses a damaged file, and one that is not there, before there is a store", async () => {
    await strata(["export", "--to", file, from]);
    const content = await readFile(file, "utf8");
    await writeFile(file, content.replace('"v":2', '"v":3'));
    const damaged = await strata(["import", file, into()]);
    expect(damaged).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/line 6: its digest .*Nothing was written/),
    });
    const missing = await strata(["import", `${file}.not`, into()]);
    expect(missing).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^The file cannot be read: ENOENT/),
    });
    const device = await strata(["import", "/dev/null", into()]);
    expect(device).toMatchObject({ code: 1, errors: expect.stringMatching(/is not a file/) });
    expect(await isThere(other())).toBe(false);
  });

  test("goes on after it was killed, with the same command, and lets no server in before", async () => {
    const large = join(parent, "large");
    await restoreMany(large);
    await strata(["export", "--to", file, `--store=lmdb:${large}`]);
    const killed = spawnStrata(["import", file, into()]);
    await appears(join(other(), "data.mdb"), 2_000_000);
    killed.child.kill("SIGKILL");
    expect(await killed.ended).toMatchObject({ code: null });

    const served = await spawnStrata([], { STRATA_STORE: `lmdb:${other()}` }).ended;
    expect(served).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/import .*not finished.*same file.*--replace/),
    });
    const small = join(parent, "small.jsonl");
    await strata(["export", "--to", small, from]);
    const another = await strata(["import", small, into()]);
    expect(another).toMatchObject({ code: 1, errors: expect.stringMatching(/another file .*not finished/) });
    expect(await strata(["import", file, into()])).toMatchObject({ code: 0 });
    const { output } = await strata(["export", into()]);
    const lines = (text: string) => text.slice(text.indexOf("\n"), text.lastIndexOf('{"end"'));
    expect(lines(output) === lines(await readFile(file, "utf8"))).toBe(true);
  });

  test("gives way to another file that replaces what was not finished", async () => {
    await strata(["export", "--to", file, from]);
    const target = await openLmdbArchiveTarget({ folder: other() });
    await target.begin("another", false);
    await target.restore(ITEMS.slice(0, 1));
    await target.close();
    expect(await strata(["import", file, into(), "--replace"])).toMatchObject({ code: 0 });
    const store = await openLmdbStore({ folder: other() });
    expect((await storedDocuments(store, [documentKey("shop", "x")]))[0]?.override).toEqual({ v: 1 });
    await store.close();
  });

  test("says so when the store may not be written", async () => {
    await strata(["export", "--to", file, from]);
    await writeFile(join(parent, "plain"), "");
    const { code, errors } = await strata(["import", file, `--store=lmdb:${join(parent, "plain")}`]);
    expect([code, errors]).toEqual([1, expect.stringMatching(/^The store folder .*plain cannot be used/)]);
  });
});

describe("progress", () => {
  const hasScript = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux");
  const onTerminal = async (command: string): Promise<string> => {
    const child = spawn("script", ["-qec", command, "/dev/null"], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (text) => {
      said += String(text);
    });
    await once(child, "close");
    return said;
  };

  test.runIf(hasScript)("is shown on a terminal, and taken away in the end", async () => {
    await restoreMany();
    const shown = (said: string) => said.split(OVER).slice(1);
    const exported = shown(await onTerminal(`${CLI} export --to ${file} ${from}`));
    expect(exported[0]).toMatch(/^[\d,]+ accounts, [\d,]+ writes, \d+\.\d MB$/);
    expect(exported.at(-1)).toMatch(/^Exported 1 accounts and 20,000 writes[^\r]*\r\n$/);
    const imported = shown(await onTerminal(`${CLI} import ${file} --store=lmdb:${join(parent, "other")}`));
    expect(imported[0]).toMatch(/^Verifying: \d+ %$/);
    expect(imported.at(-2)).toMatch(/^Importing: \d+ %$/);
    expect(imported.at(-1)).toMatch(/^Imported 1 accounts [^\r]*\r\n$/);
  });

  test("is not shown where nobody watches", async () => {
    await restoreMany();
    const { errors } = await strata(["export", "--to", file, from]);
    expect(errors).toMatch(/^Exported [^\r]*\n$/);
    const imported = await strata(["import", file, `--store=lmdb:${join(parent, "other")}`]);
    expect(imported.errors).toMatch(/^Imported [^\r]*\n$/);
  });
});
