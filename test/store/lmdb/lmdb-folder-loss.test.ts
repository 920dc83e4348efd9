import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openLmdbStore } from "../../../src/store/lmdb/lmdb-store.js";
import type { Store } from "../../../src/store/store.js";
import type { StoreNotice } from "../../../src/store/store-notice.js";
import { startFairClock } from "../../fair-time.js";
import { until } from "../../redis/until.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { documentCommit, documentKey } from "../store-contract.js";
import { storedDocuments } from "../stored-documents.js";

const KEY = documentKey(undefined, "x");

async function open(): Promise<{ store: Store; folder: string; notices: StoreNotice[] }> {
  const folder = join(temporaryFolder(), "store");
  const notices: StoreNotice[] = [];
  const store = await openLmdbStore({ folder, onNotice: (notice) => notices.push(notice) });
  onTestFinished(() => store.close());
  expect(await store.commit(documentCommit(KEY, { v: 1 }))).toMatchObject({ outcome: "done" });
  return { store, folder, notices };
}

/** What somebody may do to a folder in use, and whether it can be undone. */
const LOSSES: readonly (readonly [name: string, lose: (folder: string) => void])[] = [
  ["deleted", (folder) => rmSync(folder, { recursive: true })],
  ["moved away", (folder) => renameSync(folder, `${folder}-aside`)],
  [
    "replaced by an empty one",
    (folder) => {
      renameSync(folder, `${folder}-aside`);
      mkdirSync(folder);
    },
  ],
  [
    "replaced by a copy of it",
    (folder) => {
      renameSync(folder, `${folder}-aside`);
      cpSync(`${folder}-aside`, folder, { recursive: true, filter: (path) => !path.endsWith(".sock") });
    },
  ],
  [
    "replaced by a file",
    (folder) => {
      renameSync(folder, `${folder}-aside`);
      writeFileSync(folder, "");
    },
  ],
  ["robbed of its data file", (folder) => renameSync(join(folder, "data.mdb"), `${folder}-aside`)],
  ["robbed of its list of readers", (folder) => rmSync(join(folder, "lock.mdb"))],
];

test.each(LOSSES)("a store whose folder was %s acknowledges nothing, and says why", async (_, lose) => {
  const { store, folder, notices } = await open();
  lose(folder);
  const why = expect.stringMatching(/was deleted or replaced while it was in use.*restart the server/);
  for (let n = 0; n < 3; n++)
    expect(await store.commit(documentCommit(KEY, { n }))).toMatchObject({
      outcome: "notApplied",
      cause: { code: "STORE_UNAVAILABLE", message: why },
    });
  expect(await store.probeWrites()).toEqual(why);
  expect(store.writeObstacle()).toEqual(why);
  expect(notices).toEqual([
    { level: "error", message: expect.stringMatching(/^No writes are taken: .*deleted or/) },
  ]);
  // What it has it still knows.
  expect(await storedDocuments(store, [KEY])).toMatchObject([{ override: { v: 1 } }]);
});

test("a store whose folder is put back goes on by itself", async () => {
  const { store, folder, notices } = await open();
  renameSync(folder, `${folder}-aside`);
  expect(await store.commit(documentCommit(KEY, { v: 2 }))).toMatchObject({ outcome: "notApplied" });
  renameSync(`${folder}-aside`, folder);
  expect(await store.commit(documentCommit(KEY, { v: 3 }))).toMatchObject({
    outcome: "done",
    version: { revision: 2 },
  });
  expect(await store.probeWrites()).toBeUndefined();
  expect(notices.map(({ level }) => level)).toEqual(["error", "info"]);
});

test("a folder that is gone is noticed within ten seconds, although nobody writes or asks", async () => {
  const { store, folder, notices } = await open();
  rmSync(folder, { recursive: true });
  await until("it is in the log", () => notices.length > 0, 10_000);
  expect(notices[0]?.message).toContain(folder);
  expect(store.writeObstacle()).toContain(folder);
  expect(existsSync(folder)).toBe(false);
});

/** Holds LMDB's lock for writing, as a tool that was stopped would. */
const WRITER = `
  import { open } from "lmdb";
  const database = open({ path: process.argv[1], noSubdir: false, encoding: "string" });
  database.transactionSync(() => {
    console.log("writing");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30_000);
  });
`;

test("a store that somebody else keeps from writing says so within two seconds, reads on, and goes on after it", async () => {
  const { store, folder } = await open();
  const child = spawn(process.execPath, ["--input-type=module", "-e", WRITER, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  const elapsed = startFairClock();
  const [obstacle, documents] = await Promise.all([store.probeWrites(), storedDocuments(store, [KEY])]);
  expect(obstacle).toMatch(/did not answer/);
  expect(documents).toMatchObject([{ override: { v: 1 } }]);
  expect(elapsed()).toBeLessThan(2_000);
  child.kill("SIGKILL");
  await once(child, "exit");
  await until("it goes on", async () => (await store.probeWrites()) === undefined, 10_000);
  expect(await store.commit(documentCommit(KEY, { v: 2 }))).toMatchObject({ outcome: "done" });
});
