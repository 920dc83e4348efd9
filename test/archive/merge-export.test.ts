import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { MergeSummary } from "../../src/archive/merge-commits.js";
import { mergeExport } from "../../src/archive/merge-export.js";
import { verifyExport } from "../../src/archive/verified-export.js";
import type { JsonObject } from "../../src/domain/json/json.js";
import type { ArchiveItem } from "../../src/store/archive.js";
import { openLmdbArchiveSource } from "../../src/store/lmdb/lmdb-archive-source.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import type { AccountWrite, Commit, DocumentKey, Store } from "../../src/store/store.js";
import { alteredStore } from "../store/altered-store.js";
import { account, write } from "../store/archive-contract.js";
import { documentCommit, documentKey, of, versionOf } from "../store/store-contract.js";
import { storedDocuments } from "../store/stored-documents.js";
import { temporaryFolder } from "../temporary-folder.js";
import { exportFolder, refusal, restoreInto, withExport } from "./archive-fixture.js";

const NOW = "2026-05-05T05:05:05.000Z";
const shop = documentKey("shop", "x");
const branch = documentKey("branch", "x");
const system = documentKey(undefined, "x");
const at = (sequence: number, revision = 1) => ({ revision, sequence, nonce: `n${sequence}` });

/** A tree in which `shop` is a reseller, written leaf first; the newest write of `branch` removes it. */
const ITEMS: readonly ArchiveItem[] = [
  account("branch", "shop", 3),
  account("shop", "root", 2),
  account("root", undefined, 1),
  write(shop, at(4), '{"v":1}'),
  write(shop, at(5, 2), '{"v":2,"list":[1.0,null]}'),
  write(branch, at(6), '{"v":3}'),
  write(branch, at(7, 2), undefined),
  write(system, at(8), '{"v":4}'),
];

let folder: string;
let store: Store;
let file: Buffer;
beforeEach(async () => {
  const from = join(temporaryFolder(), "from");
  await restoreInto(from, ITEMS, 8);
  file = await exportFolder(from);
  folder = join(temporaryFolder(), "store");
  store = await openLmdbStore({ folder });
});
afterEach(() => store.close());

const merge = (content = file, into = store): Promise<MergeSummary> =>
  withExport(content, async (opened) => {
    const verified = await verifyExport(opened, () => {});
    return mergeExport(opened, verified, { store: into, now: () => new Date(NOW) });
  });
const overrides = async (...keys: readonly DocumentKey[]) =>
  (await storedDocuments(store, keys)).map((document) => document?.override);
const put = async (key: DocumentKey, override: JsonObject | undefined) =>
  versionOf(await store.commit(documentCommit(key, override)));
const create = async (id: string, parentId: string | undefined, isReseller = false) => {
  const write: AccountWrite = {
    on: "account",
    kind: "CREATE",
    account: { id, name: `Our ${id}`, parentId, isReseller, createdAt: NOW },
  };
  return versionOf(await store.commit({ ...documentCommit(shop, {}), write }));
};
const sequence = async () => (await store.versions(of([]))).sequence;
const writesOf = async (key: DocumentKey) => {
  await store.close();
  const source = await openLmdbArchiveSource({ folder });
  const writes = await source.writes(key, 1, 100);
  await source.close();
  store = await openLmdbStore({ folder });
  return writes;
};

describe("a merge", () => {
  test("into an empty store makes the tree, parents first, and each document as the file has it newest", async () => {
    expect(await merge()).toEqual({ accounts: 3, documents: 2 });
    const { lineages } = await store.lineages(["branch"]);
    expect(
      lineages[0]?.map(({ id, name, isReseller, createdAt }) => [id, name, isReseller, createdAt]),
    ).toEqual([
      ["branch", "The branch", false, NOW],
      ["shop", "The shop", true, NOW],
      ["root", "The root", false, NOW],
    ]);
    const documents = await storedDocuments(store, [shop, system, branch]);
    expect(documents).toMatchObject([
      { override: { v: 2, list: [1, null] }, updatedAt: NOW, updatedBy: "import", version: { revision: 1 } },
      { override: { v: 4 } },
      undefined,
    ]);
    expect(await sequence()).toBe(5);
  });

  test("adds what is missing, sets what differs, and leaves the rest as it is", async () => {
    await create("root", undefined);
    await create("shop", "root", true);
    await create("other", "root");
    const other = documentKey("other", "x");
    const kept = await put(other, { own: 1 });
    const same = await put(shop, { list: [1, null], v: 2 });
    await put(system, { own: 2 });
    await put(branch, { own: 3 });
    expect(await merge()).toEqual({ accounts: 1, documents: 2 });
    expect(await overrides(other, shop, system, branch)).toEqual([
      { own: 1 },
      { v: 2, list: [1, null] },
      { v: 4 },
      undefined,
    ]);
    expect((await store.versions(of([other, shop]))).documents).toEqual([kept, same]);
    const { lineages } = await store.lineages(["shop", "branch"]);
    expect(lineages.map((lineage) => lineage?.[0].name)).toEqual(["Our shop", "The branch"]);
    expect((await writesOf(system)).map(({ kind, by, text }) => [kind, by, text])).toEqual([
      ["SET", "tester", '{"own":2}'],
      ["SET", "import", '{"v":4}'],
    ]);
    expect((await writesOf(branch)).map(({ kind, text }) => [kind, text])).toEqual([
      ["SET", '{"own":3}'],
      ["RESET", undefined],
    ]);
  });

  test("is told by the feed, and begins no new life", async () => {
    await create("root", undefined);
    const { tree } = await store.versions(of([]));
    await merge();
    const { changes } = await store.changes(1, 10);
    expect(changes?.map(({ on, by }) => [on, by])).toEqual([
      ["account", "import"],
      ["account", "import"],
      ["document", "import"],
      ["document", "import"],
    ]);
    expect((await store.versions(of([]))).tree).toBe(tree);
  });

  test("writes nothing when it is done again, and sets again what was changed since", async () => {
    await merge();
    const before = await sequence();
    expect(await merge()).toEqual({ accounts: 0, documents: 0 });
    expect(await sequence()).toBe(before);
    await put(shop, { v: 99 });
    expect(await merge()).toEqual({ accounts: 0, documents: 1 });
    expect(await overrides(shop)).toEqual([{ v: 2, list: [1, null] }]);
    expect(await sequence()).toBe(before + 2);
  });

  test("is refused when an account has another parent, another role, or the root is another; nothing is written", async () => {
    await create("root", undefined);
    await create("shop", "root", false);
    await create("branch", "root", false);
    const before = await sequence();
    await expect(merge()).rejects.toEqual(
      refusal(
        "the account shop is a reseller in the file and no reseller in the store",
        "the account branch is below shop in the file and below root in the store",
        "Nothing was written",
      ),
    );
    expect(await sequence()).toBe(before);
    expect(await overrides(system)).toEqual([undefined]);
  });

  test("is refused when the root is another one; nothing is written", async () => {
    await create("top", undefined);
    await expect(merge()).rejects.toEqual(refusal("the root is root in the file and top in the store"));
    expect(await sequence()).toBe(1);
  });

  test("names ten of many accounts that are others, and counts the rest", async () => {
    const many = Array.from({ length: 14 }, (_, n) => account(`a${n}`, "root", n + 2));
    const from = join(temporaryFolder(), "many");
    await restoreInto(from, [account("root", undefined, 1), ...many], 15);
    await create("root", undefined);
    await create("top", "root");
    for (let n = 0; n < 14; n++) await create(`a${n}`, "top");
    await expect(merge(await exportFolder(from))).rejects.toEqual(
      refusal(/a0 is below root .*; and 4 more\./),
    );
  });

  test("decides again when somebody else writes the same document meanwhile, and loses nobody's write", async () => {
    await merge();
    await put(shop, { v: 5 });
    let interfered = false;
    const contended = alteredStore(store, {
      commit: async (commit: Commit) => {
        if (!interfered) await put(shop, { v: 6 });
        interfered = true;
        return store.commit(commit);
      },
    });
    expect(await merge(file, contended)).toEqual({ accounts: 0, documents: 1 });
    expect((await writesOf(shop)).map(({ text }) => text)).toEqual([
      '{"v":2,"list":[1,null]}',
      '{"v":5}',
      '{"v":6}',
      '{"v":2,"list":[1,null]}',
    ]);
  });

  test("leaves to others what they did meanwhile", async () => {
    await create("root", undefined);
    const interfered = new Set<string>();
    const contended = alteredStore(store, {
      commit: async (commit: Commit) => {
        const { write } = commit;
        const isShop = write.on === "account" ? write.account.id === "shop" : write.key.accountId === "shop";
        if (isShop && !interfered.has(write.on)) {
          interfered.add(write.on);
          if (write.on === "account") await create("shop", "root", true);
          else await put(shop, { v: 2, list: [1, null] });
        }
        return store.commit(commit);
      },
    });
    expect(await merge(file, contended)).toEqual({ accounts: 1, documents: 1 });
    const documents = await storedDocuments(store, [shop, system]);
    expect(documents.map((document) => document?.updatedBy)).toEqual(["tester", "import"]);
    expect((await store.lineages(["shop"])).lineages[0]?.[0].name).toBe("Our shop");
  });

  test("sends a commit again of which nobody can say what became, and it is done once", async () => {
    const lost = new Set<string>();
    const forgetful = alteredStore(store, {
      commit: async (commit: Commit) => {
        const outcome = await store.commit(commit);
        if (lost.has(commit.operation.id)) return outcome;
        lost.add(commit.operation.id);
        return { outcome: "unknown", cause: new Error("no answer") };
      },
    });
    expect(await merge(file, forgetful)).toEqual({ accounts: 3, documents: 2 });
    expect(await sequence()).toBe(5);
    expect(lost.size).toBe(5);
  });

  test("says how far it came when the store fails, and goes on from there", async () => {
    let left = 3;
    const failing = alteredStore(store, {
      commit: async (commit: Commit) =>
        left-- > 0 ? store.commit(commit) : { outcome: "notApplied", cause: new Error("The disk is full.") },
    });
    await expect(merge(file, failing)).rejects.toEqual(
      refusal("3 accounts and 0 documents were written before", "The disk is full.", /Run it again/),
    );
    expect(await merge()).toEqual({ accounts: 0, documents: 2 });
  });
});
