import { chmod, mkdir, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { open } from "lmdb";
import { beforeEach, describe, expect, it } from "vitest";
import { openLmdbArchiveSource } from "../../../src/store/lmdb/lmdb-archive-source.js";
import { openLmdbArchiveTarget } from "../../../src/store/lmdb/lmdb-archive-target.js";
import { openLmdbStore } from "../../../src/store/lmdb/lmdb-store.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { TestProcess } from "../../test-process.js";
import { describeArchiveContract } from "../archive-contract.js";
import { documentCommit, documentKey } from "../store-contract.js";

const childFile = new URL("crash-process.ts", import.meta.url);

/** The user that owns nothing. */
const NOBODY = 65_534;

describeArchiveContract("The LMDB archive", async () => {
  const parent = temporaryFolder();
  const folder = join(parent, "store");
  return {
    openStore: () => openLmdbStore({ folder }),
    openSource: () => openLmdbArchiveSource({ folder }),
    openTarget: () => openLmdbArchiveTarget({ folder }),
  };
});

describe("A store's folder", () => {
  let parent: string;
  let folder: string;
  beforeEach(() => {
    parent = temporaryFolder();
    folder = join(parent, "store");
  });

  /** A process that has the folder. */
  const hold = (mode: "serve" | "write"): Promise<TestProcess> =>
    new TestProcess(childFile, [mode, folder, "w"]).ready();
  const refusal = (...words: (string | RegExp)[]) =>
    expect.objectContaining({
      code: "STORE_UNAVAILABLE",
      message: expect.toSatisfy((message: string) =>
        words.every((word) => (typeof word === "string" ? message.includes(word) : word.test(message))),
      ),
    });

  it("is read while another process writes into it at full speed, always as of now", async () => {
    const lines = await hold("write");
    const source = await openLmdbArchiveSource({ folder });
    for (let n = 0; n < 200; n++) {
      const { configId, version } = JSON.parse((await lines.line()) ?? "");
      const position = await source.position();
      expect(position.sequence).toBeGreaterThanOrEqual(version.sequence);
      const key = documentKey(undefined, configId);
      expect(await source.writes(key, version.revision, 1)).toMatchObject([{ version }]);
    }
    const before = await source.position();
    // No turn of the event loop ends meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    expect((await source.position()).sequence).toBeGreaterThan(before.sequence);
    await source.close();
  });

  it("does not grow because somebody has it open for reading", async () => {
    const remote = await hold("serve");
    const put = async (count: number) => {
      for (let n = 0; n < count; n++) await remote.ask({ put: { configId: "x", value: "v".repeat(20_000) } });
      return (await stat(join(folder, "data.mdb"))).size;
    };
    await put(20);
    const source = await openLmdbArchiveSource({ folder });
    const pages: unknown[] = [];
    for await (const page of source.scan()) pages.push(page);
    const before = await put(1);
    const grown = (await put(100)) - before;
    // Each history entry takes its six pages for good, and a transaction a few of its own that are used again.
    expect(grown).toBeLessThan(100 * 6 * 4_096 * 1.5);
    await source.close();
  });

  it("is refused to a reader where there is no store, and nothing is made", async () => {
    await expect(openLmdbArchiveSource({ folder })).rejects.toEqual(refusal(folder, /no store/));
    expect(await readdir(parent)).toEqual([]);
    await mkdir(folder);
    await expect(openLmdbArchiveSource({ folder })).rejects.toEqual(refusal(folder, /no store/));
    await writeFile(join(folder, "data.mdb"), "");
    await expect(openLmdbArchiveSource({ folder })).rejects.toEqual(refusal(folder, /no store/));
    expect(await readdir(folder)).toEqual(["data.mdb"]);
    await writeFile(join(folder, "data.mdb"), "no data");
    await expect(openLmdbArchiveSource({ folder })).rejects.toEqual(refusal(folder, "data.mdb", /backup/));
    expect(await readdir(folder)).toEqual(["data.mdb"]);
    expect(await readFile(join(folder, "data.mdb"), "utf8")).toBe("no data");
  });

  it("is refused to a reader when it was cut short, or something else or a newer release wrote it", async () => {
    const store = await openLmdbStore({ folder });
    for (let n = 0; n < 20; n++)
      await store.commit(documentCommit(documentKey("a", `c${n}`), { text: "x".repeat(100_000) }));
    await store.close();
    const raw = open<string, string>({ path: folder, noSubdir: false, encoding: "string" });
    await raw.put("format", "4");
    await raw.close();
    await expect(openLmdbArchiveSource({ folder })).rejects.toEqual(refusal(/newer Strata/, /format is 4/));
    await truncate(join(folder, "data.mdb"), 100_000);
    await expect(openLmdbArchiveSource({ folder })).rejects.toEqual(refusal(folder, /cut short/));
    const other = open<string, string>({ path: join(parent, "other"), encoding: "string" });
    await other.put("something", "else");
    await other.close();
    await expect(openLmdbArchiveSource({ folder: join(parent, "other") })).rejects.toEqual(
      refusal("other", /no store/),
    );
  });

  /** Nothing is forbidden to root, so root becomes nobody for as long as this takes. */
  const withoutPrivilege = async (work: () => Promise<void>): Promise<void> => {
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(NOBODY);
    try {
      await work();
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  };
  const closedStore = async () => {
    const store = await openLmdbStore({ folder });
    await store.commit(documentCommit(documentKey("a", "x"), {}));
    await store.close();
    await chmod(parent, 0o755);
    await chmod(join(folder, "data.mdb"), 0o444);
  };

  it("is only read", async () => {
    await closedStore();
    await chmod(join(folder, "lock.mdb"), 0o666);
    await chmod(folder, 0o555);
    await withoutPrivilege(async () => {
      const source = await openLmdbArchiveSource({ folder });
      expect(await source.position()).toMatchObject({ sequence: 1 });
      await source.close();
    });
    expect((await readdir(folder)).sort()).toEqual(["data.mdb", "lock.mdb"]);
  });

  it("is refused to a reader whom the writer would overlook", async () => {
    await closedStore();
    await chmod(join(folder, "lock.mdb"), 0o400);
    await chmod(folder, 0o755);
    await withoutPrivilege(() =>
      expect(openLmdbArchiveSource({ folder })).rejects.toEqual(
        refusal(folder, "lock.mdb", /right to write/),
      ),
    );
  });

  it("is not imported into while a server has it", async () => {
    await hold("serve");
    await expect(openLmdbArchiveTarget({ folder })).rejects.toEqual(refusal(folder, /in use/));
  });

  it("is not served while an import fills it, nor filled by two at once", async () => {
    const target = await openLmdbArchiveTarget({ folder });
    await expect(openLmdbStore({ folder })).rejects.toEqual(refusal(folder, /in use/));
    await expect(openLmdbArchiveTarget({ folder })).rejects.toEqual(refusal(folder, /in use/));
    await target.close();
    const store = await openLmdbStore({ folder });
    await store.close();
  });

  it("says what to do when an import into it was not finished", async () => {
    const target = await openLmdbArchiveTarget({ folder });
    await target.begin("one", false);
    await target.close();
    const unfinished = refusal(folder, /import/, /not finished/, /same file/, /--replace/);
    await expect(openLmdbStore({ folder })).rejects.toEqual(unfinished);
    await expect(openLmdbArchiveSource({ folder })).rejects.toEqual(unfinished);
    await expect(openLmdbStore({ folder })).rejects.toEqual(unfinished);
  });
});
