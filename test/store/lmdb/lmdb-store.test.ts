import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { open } from "lmdb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockFolder } from "../../../src/store/lmdb/folder/folder-lock.js";
import { type LmdbStoreOptions, openLmdbStore } from "../../../src/store/lmdb/lmdb-store.js";
import { observeStore, type StoreCall } from "../../../src/store/observed-store.js";
import { SYSTEM_OWNER, storedDocument } from "../../../src/store/records.js";
import { type Store, sequenceOfChange } from "../../../src/store/store.js";
import { cases } from "../../cases.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { TestProcess } from "../../test-process.js";
import { describeAccountContract } from "../account-contract.js";
import { describeFactsContract } from "../facts-contract.js";
import { describeHistoryContract } from "../history-contract.js";
import { describeInheritingContract } from "../inheriting-contract.js";
import { describeOperationContract } from "../operation-contract.js";
import {
  describeStoreContract,
  documentCommit,
  documentKey,
  type OpenedStore,
  of,
  versionOf,
} from "../store-contract.js";
import { storedDocuments } from "../stored-documents.js";

async function openTemporary(kept: Partial<LmdbStoreOptions> = {}): Promise<OpenedStore> {
  const folder = temporaryFolder();
  const store = await openLmdbStore({ folder, ...kept });
  let current = store;
  return {
    store,
    reopen: async (again = {}) => {
      await current.close();
      current = await openLmdbStore({ folder, ...kept, ...again });
      return current;
    },
    close: () => current.close(),
  };
}

describeStoreContract("The LMDB store", openTemporary);
describeHistoryContract("The LMDB store", openTemporary);
describeHistoryContract("The LMDB store that removes histories slowly", (kept) =>
  openTemporary({ ...kept, revisionsPerPiece: 1 }),
);
describeAccountContract("The LMDB store", openTemporary);
describeFactsContract("The LMDB store", openTemporary);
describeInheritingContract("The LMDB store", openTemporary);
describeOperationContract("The LMDB store", (limits) =>
  openLmdbStore({ folder: temporaryFolder(), ...limits }),
);

const childFile = new URL("crash-process.ts", import.meta.url);

/** How often many processes come at once. */
const ROUNDS = cases(10);
/** The user that owns nothing. */
const NOBODY = 65_534;

describe("The LMDB store's folder", () => {
  let parent: string;
  let folder: string;
  let stores: Store[];
  beforeEach(() => {
    parent = temporaryFolder();
    folder = join(parent, "store");
    stores = [];
  });
  afterEach(async () => {
    for (const store of stores) await store.close();
  });
  const opened = async (at = folder): Promise<Store> => {
    const store = await openLmdbStore({ folder: at });
    stores.push(store);
    return store;
  };
  /** Another process with the store of a folder open. */
  const hold = (at = folder): Promise<TestProcess> => new TestProcess(childFile, ["serve", at]).ready();
  const refusal = (...words: (string | RegExp)[]) =>
    expect.objectContaining({
      code: "STORE_UNAVAILABLE",
      message: expect.toSatisfy((message: string) =>
        words.every((word) => (typeof word === "string" ? message.includes(word) : word.test(message))),
      ),
    });

  it("is made with its parents, readable for its owner alone", async () => {
    const deep = join(parent, "a.b", "c.d");
    await opened(deep);
    expect((await stat(deep)).mode & 0o077).toBe(0);
    expect((await stat(join(deep, "data.mdb"))).mode & 0o077).toBe(0);
  });

  it("belongs to one store of a process at a time", async () => {
    const store = await opened();
    await expect(openLmdbStore({ folder })).rejects.toEqual(refusal(folder, /in use/));
    versionOf(await store.commit(documentCommit(documentKey(undefined, "x"), { v: 1 })));
    await store.close();
    await store.close();
    expect((await readdir(folder)).filter((name) => name.startsWith("lock.sock"))).toEqual([]);
    await opened();
  });

  it("belongs to one process at a time, and is free at once when that was killed", async () => {
    const child = await hold();
    await expect(opened()).rejects.toEqual(refusal(folder, /in use/));
    await child.kill();
    const store = await opened();
    versionOf(await store.commit(documentCommit(documentKey(undefined, "x"), { v: 1 })));
    expect((await readdir(folder)).sort()).toEqual(["data.mdb", "lock.mdb", "lock.sock"]);
  });

  it("may have a path longer than that of a socket can be", async () => {
    const long = join(parent, ...Array.from({ length: 12 }, (_, n) => `a-rather-long-name-${n}`));
    const store = await opened(long);
    await expect(openLmdbStore({ folder: long })).rejects.toEqual(refusal(long, /in use/));
    await store.close();
    const child = await hold(long);
    await expect(opened(long)).rejects.toEqual(refusal(long, /in use/));
    await child.kill();
    await opened(long);
  });

  it("goes to exactly one of many that come at once, over what a killed process left", async () => {
    await mkdir(folder);
    const leaveDeadSocket = `require("net").createServer().listen("lock.sock", () => process.kill(process.pid, "SIGKILL"))`;
    for (let round = 0; round < ROUNDS; round++) {
      expect(spawnSync(process.execPath, ["-e", leaveDeadSocket], { cwd: folder }).signal).toBe("SIGKILL");
      const attempts = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)));
      const winners = attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
      expect(winners).toHaveLength(1);
      await expect(lockFolder(folder)).rejects.toEqual(refusal(folder));
      for (const winner of winners) await winner.release();
    }
  });

  it("does not keep a process alive by its lock", async () => {
    const { child } = await hold();
    const exit = once(child, "exit");
    child.stdin.end();
    expect(await exit).toEqual([0, null]);
  });

  it("is refused when a file has its name, or a part of its path is one", async () => {
    await writeFile(folder, "");
    await expect(opened()).rejects.toEqual(refusal(folder, /file/, /another folder/));
    await expect(opened(join(folder, "below"))).rejects.toEqual(refusal(folder, /file/, /another folder/));
  });

  it.runIf(process.platform === "linux")(
    "is refused where the system lets nobody make a folder",
    async () => {
      await expect(opened("/proc/strata")).rejects.toEqual(refusal("/proc/strata"));
    },
  );

  it("is refused when it may not be written", async () => {
    await mkdir(folder);
    await chmod(parent, 0o755);
    await chmod(folder, 0o500);
    // Nothing is forbidden to root, so root becomes nobody for as long as this takes.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) {
      await chown(folder, NOBODY, NOBODY);
      process.seteuid?.(NOBODY);
    }
    try {
      await expect(opened()).rejects.toEqual(refusal(folder, /may not be written/, /right/));
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it("is refused when its data file is not one, and the file is left as it was", async () => {
    await mkdir(folder);
    for (const content of [Buffer.from("no data"), Buffer.alloc(20_000, 7), Buffer.alloc(20_000)]) {
      await writeFile(join(folder, "data.mdb"), content);
      await expect(opened()).rejects.toEqual(refusal(folder, "data.mdb", /backup/));
      expect((await readFile(join(folder, "data.mdb"))).equals(content)).toBe(true);
    }
  });

  it("is refused when its data file was cut short", async () => {
    const store = await opened();
    for (let n = 0; n < 50; n++) {
      await store.commit(documentCommit(documentKey(undefined, `c${n}`), { text: "x".repeat(100_000) }));
    }
    await store.close();
    const { size } = await stat(join(folder, "data.mdb"));
    for (const length of [Math.floor(size / 2), 8_192, 5_000, 100]) {
      await truncate(join(folder, "data.mdb"), length);
      await expect(opened()).rejects.toEqual(refusal(folder, "data.mdb", /backup/));
    }
  });

  it("is refused when a newer release wrote it, or when it holds something else", async () => {
    await (await opened()).close();
    const raw = open<string, string>({ path: folder, noSubdir: false, encoding: "string" });
    await raw.put("format", "4");
    await raw.close();
    await expect(opened()).rejects.toEqual(refusal(folder, /newer Strata/, /format is 4/));
    const older = open<string, string>({ path: folder, noSubdir: false, encoding: "string" });
    await older.put("format", "1");
    await older.close();
    await expect(opened()).rejects.toEqual(refusal(folder, /older Strata/, /format is 1/, /Export it/));
    const other = open<string, string>({ path: join(parent, "other"), encoding: "string" });
    await other.put("something", "else");
    await other.close();
    await expect(opened(join(parent, "other"))).rejects.toEqual(refusal("other", /not Strata's/));
  });

  it("keeps the newest changes in the feed, and every history entry", async () => {
    const store = await openLmdbStore({ folder, feedEntries: 5 });
    for (let n = 1; n <= 12; n++) await store.commit(documentCommit(documentKey(undefined, "x"), { n }));
    expect(await store.changes(6, 100)).toEqual({ changes: undefined, sequence: 12 });
    const { changes } = await store.changes(7, 100);
    expect(changes?.map(sequenceOfChange)).toEqual([8, 9, 10, 11, 12]);
    expect((await store.pastChanges(undefined, 100)).map(sequenceOfChange)).toEqual([12, 11, 10, 9, 8]);
    expect((await store.pastChanges(11, 2)).map(sequenceOfChange)).toEqual([10, 9]);
    await store.close();
    const raw = open<string>({ path: folder, noSubdir: false, encoding: "string" });
    const history = [
      ...raw.getRange({ start: ["h", SYSTEM_OWNER, "x", 0], end: ["h", SYSTEM_OWNER, "x", 1e9] }),
    ];
    await raw.close();
    expect(history.map(({ value }) => storedDocument(value).override)).toEqual(
      Array.from({ length: 12 }, (_, n) => ({ n: n + 1 })),
    );
  });

  it("shortens the feed, some of it with each commit, once it is to keep less", async () => {
    const before = await openLmdbStore({ folder });
    for (let n = 1; n <= 12; n++) await before.commit(documentCommit(documentKey(undefined, "x"), { n }));
    await before.close();
    const store = await openLmdbStore({ folder, feedEntries: 4 });
    stores.push(store);
    const kept: number[] = [];
    for (let n = 13; n <= 22; n++) {
      await store.commit(documentCommit(documentKey(undefined, "x"), { n }));
      kept.push((await store.pastChanges(undefined, 100)).length);
    }
    expect(kept).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 4, 4]);
  });

  it("remembers operation ids of its own for a quarter of an hour and forgets them after it", async () => {
    let now = 1_000_000;
    const store = await openLmdbStore({ folder, now: () => now });
    stores.push(store);
    const first = documentCommit(documentKey(undefined, "x"), { v: 1 });
    const version = versionOf(await store.commit(first));
    now += 900_000;
    await store.commit(documentCommit(documentKey(undefined, "y"), { v: 1 }));
    expect(await store.commit(first)).toMatchObject({ outcome: "done", version, replayed: true });
    now += 1;
    await store.commit(documentCommit(documentKey(undefined, "y"), { v: 2 }));
    expect(await store.commit(first)).toMatchObject({ replayed: false, version: { revision: 2 } });
  });

  it("goes on behind the newest time in the feed where an older release has kept no other", async () => {
    const key = documentKey("a", "x");
    const before = await openLmdbStore({ folder });
    const late = "2030-01-01T00:00:00.000Z";
    versionOf(await before.commit({ ...documentCommit(key, { v: 1 }), at: late }));
    await before.close();
    const raw = open<string>({ path: folder, noSubdir: false, encoding: "string", useVersions: false });
    await raw.remove("time");
    await raw.close();
    const store = await opened();
    expect(await store.commit(documentCommit(key, { v: 2 }))).toMatchObject({ outcome: "done", at: late });
  });

  it("writes nothing of a commit that cannot be written, and all of those beside it", async () => {
    const store = await opened();
    const commits = Array.from({ length: 30 }, (_, n) =>
      documentCommit(documentKey(undefined, `c${n}`), { n }),
    );
    // Longer than a key of LMDB's can be.
    for (const n of [0, 7, 29])
      Object.assign(commits[n] ?? {}, { operation: { id: `${n}`.repeat(5_000), digest: "" } });
    const outcomes = (await Promise.all(commits.map((commit) => store.commit(commit)))).map(
      ({ outcome }) => outcome,
    );
    const expected = commits.map((_, n) => ([0, 7, 29].includes(n) ? "notApplied" : "done"));
    expect(outcomes).toEqual(expected);
    const documents = await storedDocuments(
      store,
      commits.map((_, n) => documentKey(undefined, `c${n}`)),
    );
    expect(documents.map((document) => (document === undefined ? "notApplied" : "done"))).toEqual(expected);
    expect(await store.commit(documentCommit(documentKey(undefined, "next"), {}))).toMatchObject({
      version: { revision: 1, sequence: 28 },
    });
  });

  it("takes back what it had written when a commit breaks off half-way", async () => {
    let calls = 0;
    let broken = false;
    const now = () => {
      // The second call of a transaction comes after the document was written into it.
      if (broken && ++calls % 2 === 0) throw new Error("no time");
      return 0;
    };
    const store = await openLmdbStore({ folder, now });
    stores.push(store);
    const key = documentKey(undefined, "x");
    const version = versionOf(await store.commit(documentCommit(key, { v: 1 })));
    broken = true;
    expect(await store.commit(documentCommit(key, { v: 2 }))).toMatchObject({
      outcome: "notApplied",
      cause: refusal(/no time/),
    });
    expect(calls).toBe(2);
    broken = false;
    expect((await storedDocuments(store, [key]))[0]).toMatchObject({ version, override: { v: 1 } });
    expect(await store.commit(documentCommit(key, { v: 3 }))).toMatchObject({
      version: { revision: 2, sequence: 2 },
    });
  });

  it("outgrows the map it was opened with", async () => {
    const store = await openLmdbStore({ folder, mapSizeBytes: 1_048_576 });
    stores.push(store);
    const keys = Array.from({ length: 40 }, (_, n) => documentKey(undefined, `c${n}`));
    const text = "x".repeat(100_000);
    const outcomes = await Promise.all(keys.map((key) => store.commit(documentCommit(key, { text }))));
    expect(outcomes.every(({ outcome }) => outcome === "done")).toBe(true);
    const documents = await storedDocuments(store, keys);
    expect(documents.every((document) => document?.override?.text === text)).toBe(true);
  });
});

describe("What is known without asking", () => {
  it("is that nothing was committed, as long as nothing was", async () => {
    const folder = temporaryFolder();
    const store = await openLmdbStore({ folder });
    for (let n = 0; n < 3; n++) {
      await store.commit(documentCommit(documentKey(undefined, "x"), { n }));
      const { sequence } = await store.versions(of([]));
      expect(store.isStillAt(sequence)).toBe(true);
    }
    await store.close();
  });
});

describe("An observed store", () => {
  it("answers as the store does and tells of each call", async () => {
    const folder = temporaryFolder();
    const calls: StoreCall[] = [];
    const store = observeStore(await openLmdbStore({ folder }), (call) => calls.push(call));
    const commit = documentCommit(documentKey(undefined, "x"), { v: 1 });
    const version = versionOf(await store.commit(commit));
    expect((await store.versions(of([documentKey(undefined, "x")]))).documents).toEqual([version]);
    await store.layers([documentKey(undefined, "x"), documentKey(undefined, "y")], "own");
    await store.lineages(["a", "b", "c"]);
    await store.commit({ ...commit, operation: { ...commit.operation, digest: "other" } });
    await store.close();
    await expect(store.rootId()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(calls.map(({ operation, size, outcome }) => [operation, size, outcome])).toEqual([
      ["commit", 1, "done"],
      ["versions", 1, "done"],
      ["layers", 2, "done"],
      ["lineages", 3, "done"],
      ["commit", 1, "operationReused"],
      ["rootId", 1, "STORE_UNAVAILABLE"],
    ]);
    expect(calls.every(({ seconds }) => seconds >= 0 && seconds < 10)).toBe(true);
  });
});
