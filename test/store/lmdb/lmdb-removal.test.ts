import { once } from "node:events";
import { cpSync } from "node:fs";
import { open } from "lmdb";
import { expect, onTestFinished, test } from "vitest";
import { openLmdbArchiveSource } from "../../../src/store/lmdb/lmdb-archive-source.js";
import { openLmdbArchiveTarget } from "../../../src/store/lmdb/lmdb-archive-target.js";
import { openLmdbReads } from "../../../src/store/lmdb/lmdb-reads.js";
import { type LmdbStoreOptions, openLmdbStore } from "../../../src/store/lmdb/lmdb-store.js";
import type { Store, StoreReads } from "../../../src/store/store.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { TestProcess } from "../../test-process.js";
import { accountCommit, accountDeletion, documentCommit, documentKey, versionOf } from "../store-contract.js";
import { FAST_DISK } from "../test-store.js";

const CONFIGS = ["a", "b", "c"];
const REVISIONS = 300;
const OTHER = documentKey("other", "a");
const ALL = { limit: 10_000, bytes: 2 ** 30 };
const childFile = new URL("removal-process.ts", import.meta.url);

async function opened(folder: string, options: Partial<LmdbStoreOptions> = {}): Promise<Store> {
  const store = await openLmdbStore({ folder, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** Two accounts below the root; the one to go has a history of each config. */
async function fill(store: Store): Promise<void> {
  for (const [id, parent] of [["root"], ["gone", "root"], ["other", "root"]] as const)
    versionOf(await store.commit(accountCommit(id, parent)));
  const keys = [...CONFIGS.map((configId) => documentKey("gone", configId)), OTHER];
  for (let v = 1; v <= REVISIONS; v++)
    await Promise.all(
      keys.map(async (key) => versionOf(await store.commit(documentCommit(key, { v, of: "the first" })))),
    );
}

/** How many revisions of an account are in the file, seen or not. */
async function revisionsInFile(folder: string, accountId: string): Promise<number> {
  const raw = open<string>({ path: folder, noSubdir: false, encoding: "string", readOnly: true });
  try {
    return raw.getKeysCount({ start: ["h", accountId, ""], end: ["h", accountId, "\x7f"] });
  } finally {
    await raw.close();
  }
}

async function revisionsOf(store: Pick<StoreReads, "history">, accountId: string) {
  const histories = CONFIGS.map(async (configId) => {
    const { revisions, oldest } = await store.history({ key: documentKey(accountId, configId), ...ALL });
    return { numbers: revisions.map(({ version }) => version.revision), oldest };
  });
  return Promise.all(histories);
}
const NONE = { numbers: [], oldest: undefined };

async function untilRemoved(folder: string, accountId: string, left: number): Promise<void> {
  await expect.poll(() => revisionsInFile(folder, accountId), { timeout: 30_000 }).toBe(left);
}

test("The LMDB store removes the histories of a deleted account after the answer, between other commits", async () => {
  const folder = temporaryFolder(FAST_DISK);
  const store = await opened(folder, { revisionsPerPiece: 10 });
  await fill(store);
  const now = new Date().toISOString();
  const past = async () => (await store.layersAt([OTHER], "2026-03-01T10:00:00.000Z", now)).configs;
  const before = await past();
  versionOf(await store.commit(accountDeletion("gone", "root")));
  const found: number[] = [await revisionsInFile(folder, "gone")];
  expect(await revisionsOf(store, "gone")).toEqual([NONE, NONE, NONE]);
  for (let v = 1; v <= 5; v++) {
    versionOf(await store.commit(documentCommit(documentKey(undefined, "a"), { v })));
    found.push(await revisionsInFile(folder, "gone"));
    // The moment of all commits so far: what other accounts had then is told exactly.
    expect(await past()).toEqual(before);
  }
  // Each of those commits was answered before the removal was over, and the removal went on meanwhile.
  expect(found[0]).toBeGreaterThan((CONFIGS.length - 1) * REVISIONS);
  expect(found[5]).toBeGreaterThan(0);
  expect(found[5]).toBeLessThan(found[0] ?? 0);
  await untilRemoved(folder, "gone", 0);
  expect(await revisionsInFile(folder, "other")).toBe(REVISIONS);
});

test("An account that gets the id of a deleted one at once never sees its histories, nor loses a revision of its own", async () => {
  const folder = temporaryFolder(FAST_DISK);
  const store = await opened(folder, { revisionsPerPiece: 7 });
  await fill(store);
  versionOf(await store.commit(accountDeletion("gone", "root")));
  versionOf(await store.commit(accountCommit("gone", "root")));
  expect(await revisionsOf(store, "gone")).toEqual([NONE, NONE, NONE]);
  for (let v = 1; v <= 20; v++) {
    versionOf(await store.commit(documentCommit(documentKey("gone", "b"), { v })));
    const numbers = Array.from({ length: v }, (_, index) => v - index);
    expect(await revisionsOf(store, "gone")).toEqual([NONE, { numbers, oldest: 1 }, NONE]);
  }
  expect(await revisionsInFile(folder, "gone")).toBeGreaterThan(20);
  await untilRemoved(folder, "gone", 20);
  expect((await revisionsOf(store, "gone"))[1]?.numbers).toHaveLength(20);
});

test("The removal goes on after a kill in its middle; until then neither readers nor exports see what is left", async () => {
  const full = temporaryFolder(FAST_DISK);
  const store = await openLmdbStore({ folder: full });
  await fill(store);
  await store.close();
  for (const left of [700, 350, 100]) {
    const folder = temporaryFolder(FAST_DISK);
    cpSync(full, folder, { recursive: true, filter: (path) => !path.endsWith(".sock") });
    const { child } = new TestProcess(childFile, [folder, "gone", String(left)]);
    expect((await once(child, "exit"))[1]).toBe("SIGKILL");
    const found = await revisionsInFile(folder, "gone");
    expect(found).toBeGreaterThan(0);
    expect(found).toBeLessThanOrEqual(left);
    await expectUnseen(folder);
    const imported = temporaryFolder(FAST_DISK);
    cpSync(folder, imported, { recursive: true, filter: (path) => !path.endsWith(".sock") });
    await (await openLmdbArchiveTarget({ folder: imported })).close();
    expect(await revisionsInFile(imported, "gone")).toBe(0);
    const again = await opened(folder);
    versionOf(await again.commit(accountCommit("gone", "root")));
    versionOf(await again.commit(documentCommit(documentKey("gone", "c"), { v: 1 })));
    expect(await revisionsOf(again, "gone")).toEqual([NONE, NONE, { numbers: [1], oldest: 1 }]);
    await untilRemoved(folder, "gone", 1);
    expect((await revisionsOf(again, "other"))[0]).toMatchObject({ oldest: 1 });
    expect(await revisionsInFile(folder, "other")).toBe(REVISIONS);
  }
});

/** What is left of the account is in no answer of those who only read. */
async function expectUnseen(folder: string): Promise<void> {
  const reads = await openLmdbReads(folder);
  expect(await revisionsOf(reads, "gone")).toEqual([NONE, NONE, NONE]);
  await reads.close();
  const source = await openLmdbArchiveSource({ folder });
  const seen: (string | undefined)[] = [];
  for await (const { documents } of source.scan()) seen.push(...documents.map(({ accountId }) => accountId));
  expect(seen).toEqual(["other"]);
  expect(await source.writes(documentKey("gone", "a"), 0, 10)).toEqual([]);
  await source.close();
}
