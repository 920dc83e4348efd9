import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openLmdbArchiveSource } from "../../../src/store/lmdb/lmdb-archive-source.js";
import { openLmdbStore } from "../../../src/store/lmdb/lmdb-store.js";
import type { Store } from "../../../src/store/store.js";
import { until } from "../../redis/until.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { documentCommit, documentKey, versionOf } from "../store-contract.js";

/** As an export that is in the midst of a page. */
const READER = `
  import { open } from "lmdb";
  const database = open({ path: process.argv[1], noSubdir: false, encoding: "string", readOnly: true });
  const transaction = database.useReadTransaction();
  database.get("seq", { transaction });
  console.log("reading");
  setInterval(() => {}, 1_000);
`;

async function killedReader(folder: string): Promise<void> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", READER, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

const TEXT = "x".repeat(100_000);
const COMMITS = 20;

/** By how many bytes the file has grown for each commit, whose text is once in the document and once in its history. */
async function growth(store: Store, folder: string): Promise<number> {
  const size = () => statSync(join(folder, "data.mdb")).size;
  const before = size();
  for (let n = 0; n < COMMITS; n++)
    versionOf(await store.commit(documentCommit(documentKey("a", "x"), { n, TEXT })));
  return (size() - before) / COMMITS;
}

test("a reader that was killed holds pages back until the server takes it off the list", async () => {
  const folder = temporaryFolder();
  const store = await openLmdbStore({ folder, readerCheckMs: 3_000 });
  onTestFinished(() => store.close());
  await growth(store, folder);
  // Each commit frees the document before it. Where the server looks for readers meanwhile, that says nothing: once more.
  await until(
    "pages are held back",
    async () => {
      await killedReader(folder);
      return (await growth(store, folder)) > 1.9 * TEXT.length;
    },
    60_000,
  );
  await until("they are free again", async () => (await growth(store, folder)) < 1.2 * TEXT.length, 60_000);
});

test("an export takes those off the list that were killed before it", async () => {
  const folder = temporaryFolder();
  const store = await openLmdbStore({ folder });
  onTestFinished(() => store.close());
  await growth(store, folder);
  await killedReader(folder);
  const source = await openLmdbArchiveSource({ folder });
  await source.close();
  expect(await growth(store, folder)).toBeLessThan(1.2 * TEXT.length);
});
