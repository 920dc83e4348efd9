import { join } from "node:path";
import { open } from "lmdb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exportStore } from "../../src/archive/export-store.js";
import type { ArchiveSource, StorePosition } from "../../src/store/archive.js";
import { openLmdbArchiveSource } from "../../src/store/lmdb/lmdb-archive-source.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import type { AccountRecord } from "../../src/store/store.js";
import { accountCommit, documentCommit, documentKey, versionOf } from "../store/store-contract.js";
import { temporaryFolder } from "../temporary-folder.js";
import { exportFrom, importInto, itemLines, refusal, stateLines } from "./archive-fixture.js";

const KEY = documentKey("branch", "x");
const COMMITS = 12;
const FEED = 6;

describe("an export", () => {
  let folder: string;
  let source: ArchiveSource;
  beforeEach(async () => {
    folder = join(temporaryFolder(), "store");
    const store = await openLmdbStore({ folder, feedEntries: FEED });
    versionOf(await store.commit(accountCommit("root", undefined)));
    versionOf(await store.commit(accountCommit("shop", "root")));
    versionOf(await store.commit(accountCommit("branch", "shop")));
    for (let n = 4; n <= COMMITS; n++) versionOf(await store.commit(documentCommit(KEY, { n })));
    await store.close();
    source = await openLmdbArchiveSource({ folder });
  });
  afterEach(() => source.close());

  /** The source as it was when the store had seen only so many commits, and as it is from its second look on. */
  const begunAt = (
    sequence: number,
    now: (position: StorePosition) => StorePosition = (position) => position,
  ) => {
    let looks = 0;
    return altered({
      position: async () => {
        const position = await source.position();
        return looks++ === 0 ? { ...position, sequence } : now(position);
      },
    });
  };
  const altered = (calls: Partial<ArchiveSource>): ArchiveSource => ({
    position: () => source.position(),
    scan: () => source.scan(),
    writes: (...asked) => source.writes(...asked),
    blames: (keys) => source.blames(keys),
    changes: (...asked) => source.changes(...asked),
    accountHistory: (...asked) => source.accountHistory(...asked),
    close: () => source.close(),
    ...calls,
  });

  test("takes what was written after it began from the feed", async () => {
    const whole = await exportFrom(source);
    const begunEarlier = await exportFrom(begunAt(COMMITS - FEED + 1));
    expect(begunEarlier.summary).toMatchObject({ accounts: 3, writes: COMMITS - 3, sequence: COMMITS });
    expect(itemLines(begunEarlier.bytes)).toEqual(itemLines(whole.bytes));
  });

  test("is refused when the feed no longer has all of that", async () => {
    await expect(exportFrom(begunAt(COMMITS - FEED - 1))).rejects.toEqual(
      refusal(/feed of changes keeps/, /again/),
    );
  });

  test("leaves out what came after the look that ends it", async () => {
    const { bytes, summary } = await exportFrom(
      begunAt(COMMITS - 4, (position) => ({ ...position, sequence: COMMITS - 2 })),
    );
    expect(summary.sequence).toBe(COMMITS - 2);
    expect(stateLines(bytes)).toHaveLength(COMMITS - 2);
  });

  test("has every record of an account that changed meanwhile, oldest first, and the last one is the account", async () => {
    await source.close();
    const store = await openLmdbStore({ folder });
    const move = async (parentId: string) => {
      const [account] = (await store.lineages(["branch"])).lineages[0] ?? [];
      if (account === undefined) throw new Error("no branch");
      const write = { on: "account", kind: "UPDATE", account: { ...account, parentId } } as const;
      versionOf(await store.commit({ ...accountCommit("branch", parentId), write }));
    };
    await move("root");
    await move("shop");
    await move("root");
    await store.close();
    source = await openLmdbArchiveSource({ folder });
    const { bytes } = await exportFrom(begunAt(12));
    const told = itemLines(bytes).flatMap((line): AccountRecord[] => {
      const { account } = JSON.parse(line);
      return account?.id === "branch" ? [account] : [];
    });
    expect(told.map(({ parentId, version }) => [parentId, version.sequence])).toEqual([
      ["shop", 3],
      ["root", 13],
      ["shop", 14],
      ["root", 15],
    ]);
    const copy = join(temporaryFolder(), "copy");
    await importInto(copy, bytes);
    const imported = await openLmdbStore({ folder: copy });
    const { lineages } = await imported.lineages(["branch"]);
    await imported.close();
    expect(lineages[0]?.map(({ id }) => id)).toEqual(["branch", "root"]);
  });

  const replaced = refusal(/another one/, /again/);

  test("is refused when the store was imported into meanwhile", async () => {
    const other = begunAt(COMMITS, (position) => ({ ...position, incarnation: "other" }));
    await expect(exportFrom(other)).rejects.toEqual(replaced);
  });

  test("is refused when the store has lost commits meanwhile", async () => {
    const fewer = begunAt(COMMITS, (position) => ({ ...position, sequence: COMMITS - 1 }));
    await expect(exportFrom(fewer)).rejects.toEqual(replaced);
    await expect(exportFrom(begunAt(COMMITS + 1))).rejects.toEqual(replaced);
  });

  test("is refused when a failover put another commit in the place of the one it began with", async () => {
    const [before] = (await source.changes(COMMITS - 2, 1)).changes ?? [];
    if (before?.on !== "document") throw new Error("no such commit");
    let asked = 0;
    const lost = { ...before, version: { ...before.version, nonce: "lost" } };
    const begun = begunAt(COMMITS - 1);
    const afterFailover = {
      ...begun,
      changes: async (after: number, limit: number) =>
        asked++ === 0 ? { changes: [lost], sequence: COMMITS - 1 } : source.changes(after, limit),
    };
    await expect(exportFrom(afterFailover)).rejects.toEqual(replaced);
  });

  test("is refused when the write that the feed tells of is another one", async () => {
    const begun = begunAt(COMMITS - 1);
    const other = {
      ...begun,
      writes: async (...[key, from, limit]: Parameters<ArchiveSource["writes"]>) =>
        (await source.writes(key, from, limit)).map((write) =>
          limit === 1 ? { ...write, version: { ...write.version, nonce: "other" } } : write,
        ),
    };
    await expect(exportFrom(other)).rejects.toEqual(replaced);
  });

  test("is refused when a document's history has a hole", async () => {
    await source.close();
    const raw = open<string, (string | number)[]>({ path: folder, noSubdir: false, encoding: "string" });
    await raw.remove(["h", "branch", "x", 3]);
    await raw.close();
    source = await openLmdbArchiveSource({ folder });
    await expect(exportFrom(source)).rejects.toEqual(refusal(/damaged/, "branch/x", /revision 3/));
  });

  test("is refused when what it found does not make up all commits", async () => {
    await source.close();
    const raw = open<string, string[]>({ path: folder, noSubdir: false, encoding: "string" });
    await raw.remove(["v", "branch", "x"]);
    await raw.close();
    source = await openLmdbArchiveSource({ folder });
    await expect(exportFrom(source)).rejects.toEqual(refusal(/damaged/, /12 commits/, /tell of 3/));
  });

  test("has a document once that is seen twice", async () => {
    const twice = {
      ...begunAt(COMMITS),
      async *scan() {
        yield* source.scan();
        yield { accounts: [], documents: [KEY, KEY], configs: [] };
      },
    };
    expect((await exportFrom(twice)).summary).toMatchObject({ writes: COMMITS - 3 });
  });

  test("ends early when it is told to", async () => {
    const controller = new AbortController();
    const sink = async () => {};
    const onProgress = () => controller.abort(new Error("enough"));
    const options = { now: () => new Date(), onProgress, signal: controller.signal };
    await expect(exportStore(source, sink, options)).rejects.toThrow("enough");
  });
});
