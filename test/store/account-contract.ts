import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type AccountPath,
  type AccountWriteKind,
  type Commit,
  type CommitOutcome,
  type Descendants,
  type Store,
  TREE_DEPTH,
} from "../../src/store/store.js";
import { cases, SEED } from "../cases.js";
import {
  accountCommit,
  documentCommit,
  documentKey,
  type OpenedStore,
  of,
  versionOf,
} from "./store-contract.js";
import { storedDocuments } from "./stored-documents.js";

const RUNS = cases(30);
const EVERYTHING = 10_000;

interface Node {
  readonly parentId: string | undefined;
  readonly isReseller: boolean;
}

/** The tree that the port promises, in as few words as possible. */
class TreeModel {
  readonly nodes = new Map<string, Node>();

  take({ kind, id, parentId, isReseller }: Step): boolean {
    if (!this.#fits(kind, id, parentId)) return false;
    if (kind === "DELETE") this.nodes.delete(id);
    else this.nodes.set(id, { parentId, isReseller });
    return true;
  }

  #fits(kind: AccountWriteKind, id: string, parentId: string | undefined): boolean {
    const node = this.nodes.get(id);
    if (kind === "CREATE")
      return (
        node === undefined && (parentId === undefined ? this.nodes.size === 0 : this.nodes.has(parentId))
      );
    if (node === undefined) return false;
    if (kind === "DELETE") return this.childrenOf(id).length === 0;
    if (node.parentId === parentId) return true;
    if (node.parentId === undefined || parentId === undefined || !this.nodes.has(parentId)) return false;
    return !this.lineageOf(parentId).includes(id);
  }

  lineageOf(id: string): string[] {
    const parentId = this.nodes.get(id)?.parentId;
    return parentId === undefined ? [id] : [id, ...this.lineageOf(parentId)];
  }

  childrenOf(id: string): string[] {
    return [...this.nodes].flatMap(([child, { parentId }]) => (parentId === id ? [child] : [])).sort();
  }

  below(id: string): AccountPath[] {
    return this.childrenOf(id).flatMap((child) => [
      [child],
      ...this.below(child).map((path) => [child, ...path]),
    ]);
  }

  countsBelow(id: string): number[] {
    const counts: number[] = [];
    for (const { length } of this.below(id)) counts[length - 1] = (counts[length - 1] ?? 0) + 1;
    return counts;
  }
}

interface Step extends Node {
  readonly kind: AccountWriteKind;
  readonly id: string;
}

const IDS = ["a", "a.b", "a-b", "A", "b", "b_", "c", "10", "9"];
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<AccountWriteKind>("CREATE", "CREATE", "UPDATE", "UPDATE", "DELETE"),
  id: fc.constantFrom(...IDS),
  parentId: fc.option(fc.constantFrom(...IDS), { nil: undefined, freq: 5 }),
  isReseller: fc.boolean(),
});

/** What the port promises of the tree of accounts. Each adapter runs all of it. */
export function describeAccountContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name} keeps the tree of accounts`, () => {
    let opened: OpenedStore;
    let store: Store;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.close());

    const create = async (id: string, parentId: string | undefined) =>
      versionOf(await store.commit(accountCommit(id, parentId)));
    const createAll = async (tree: Readonly<Record<string, string | undefined>>) => {
      for (const [id, parentId] of Object.entries(tree)) await create(id, parentId);
    };
    const stored = async (id: string) => (await store.lineages([id])).lineages[0]?.[0];
    const writing = (
      kind: AccountWriteKind,
      { id, parentId, isReseller }: Omit<Step, "kind">,
      rename = id,
    ): Commit => {
      const commit = accountCommit(id, parentId);
      const { createdAt } = (commit.write as { account: { createdAt: string } }).account;
      return {
        ...commit,
        write: { on: "account", kind, account: { id, name: rename, parentId, isReseller, createdAt } },
      };
    };
    const move = (id: string, parentId: string | undefined) =>
      store.commit(writing("UPDATE", { id, parentId, isReseller: false }));
    const remove = (id: string, parentId: string | undefined) =>
      store.commit(writing("DELETE", { id, parentId, isReseller: false }));
    const pathsOf = async (wanted: Partial<Parameters<Store["descendants"]>[0]> = {}) =>
      (await store.descendants({ accountId: "root", limit: EVERYTHING, ...wanted })).paths.map((path) =>
        path.join("/"),
      );
    const SMALL = { root: undefined, b: "root", a: "root", "a.b": "root", x: "a", y: "a", z: "y" };
    const IN_ORDER = ["a", "a/x", "a/y", "a/y/z", "a.b", "b"];

    describe("listing", () => {
      it("tells those below an account, each before those below it, siblings by id", async () => {
        await createAll(SMALL);
        expect(await pathsOf()).toEqual(IN_ORDER);
        expect(await pathsOf({ accountId: "a" })).toEqual(["x", "y", "y/z"]);
        expect(await pathsOf({ levels: 1 })).toEqual(["a", "a.b", "b"]);
        expect(await pathsOf({ levels: 2 })).toEqual(["a", "a/x", "a/y", "a.b", "b"]);
        expect(await pathsOf({ limit: 3 })).toEqual(IN_ORDER.slice(0, 3));
      });

      it("goes on behind any place, also behind one that has gone or never was", async () => {
        await createAll(SMALL);
        for (const [index, path] of IN_ORDER.entries())
          expect(await pathsOf({ after: path.split("/") })).toEqual(IN_ORDER.slice(index + 1));
        expect(await pathsOf({ after: [] })).toEqual(IN_ORDER);
        expect(await pathsOf({ after: ["a", "xx"] })).toEqual(["a/y", "a/y/z", "a.b", "b"]);
        expect(await pathsOf({ after: ["a", "xx", "deeper"] })).toEqual(["a/y", "a/y/z", "a.b", "b"]);
        expect(await pathsOf({ after: ["a", "y"], levels: 1 })).toEqual(["a.b", "b"]);
        expect(await pathsOf({ after: ["zzz"] })).toEqual([]);
      });

      it("tells the same backwards, from the last one on or from before any place", async () => {
        await createAll(SMALL);
        const backwards = [...IN_ORDER].reverse();
        expect(await pathsOf({ backwards: {} })).toEqual(backwards);
        expect(await pathsOf({ backwards: {}, limit: 2 })).toEqual(["b", "a.b"]);
        expect(await pathsOf({ backwards: {}, levels: 1 })).toEqual(["b", "a.b", "a"]);
        expect(await pathsOf({ backwards: {}, levels: 2 })).toEqual(["b", "a.b", "a/y", "a/x", "a"]);
        const listedBefore = (place: string, levels = TREE_DEPTH) =>
          pathsOf({ backwards: { before: place === "" ? [] : place.split("/") }, levels });
        for (const [index, path] of IN_ORDER.entries())
          expect(await listedBefore(path)).toEqual(IN_ORDER.slice(0, index).reverse());
        expect(await listedBefore("")).toEqual([]);
        expect(await listedBefore("a/xx")).toEqual(["a/x", "a"]);
        expect(await listedBefore("a/xx/deeper")).toEqual(["a/x", "a"]);
        expect(await listedBefore("a/y/deeper")).toEqual(["a/y", "a/x", "a"]);
        expect(await listedBefore("b/y/z")).toEqual(["b", "a.b", "a/y/z", "a/y", "a/x", "a"]);
        expect(await listedBefore("a/y", 1)).toEqual(["a"]);
        expect(await listedBefore("zzz")).toEqual(backwards);
      });

      it("never leaves the account that was asked about, whatever the place says", async () => {
        await createAll(SMALL);
        expect(await pathsOf({ accountId: "a", backwards: { before: ["b"] } })).toEqual([]);
        expect(await pathsOf({ accountId: "a", backwards: { before: ["z", "a"] } })).toEqual([
          "y/z",
          "y",
          "x",
        ]);
        expect(await pathsOf({ accountId: "y", backwards: { before: ["a", "x"] } })).toEqual([]);
        expect(await pathsOf({ accountId: "b", after: ["a"] })).toEqual([]);
        expect(await pathsOf({ accountId: "y", after: ["a", "x"] })).toEqual(["z"]);
        expect(await pathsOf({ accountId: "x", after: [] })).toEqual([]);
      });

      it("counts them by level, however few are listed", async () => {
        await createAll(SMALL);
        expect((await store.descendants({ accountId: "root", limit: 0 })).counts).toEqual([3, 2, 1]);
        expect(await store.descendants({ accountId: "z", limit: 5 })).toEqual({ paths: [], counts: [] });
        expect(await store.descendants({ accountId: "nobody", limit: 5 })).toEqual({ paths: [], counts: [] });
      });
    });

    describe("changing", () => {
      it("keeps everything of an account but what is changed, under a new version", async () => {
        await createAll(SMALL);
        const before = await stored("a");
        const { tree } = await store.lineages([]);
        const account = { id: "a", parentId: "root", isReseller: false };
        const version = versionOf(await store.commit(writing("UPDATE", account, "Another name")));
        expect(version).toMatchObject({ revision: 2, sequence: (before?.version.sequence ?? 0) + 5 });
        expect(await stored("a")).toEqual({ ...before, name: "Another name", version });
        expect((await store.lineages([])).tree).toBe(tree);
        expect(await pathsOf()).toEqual(IN_ORDER);
      });

      it("changes the tree token with a reseller flag, and with a move", async () => {
        await createAll(SMALL);
        const tokens = new Set([(await store.lineages([])).tree]);
        versionOf(await store.commit(writing("UPDATE", { id: "a", parentId: "root", isReseller: true })));
        tokens.add((await store.layers([], "own")).tree);
        expect((await stored("a"))?.isReseller).toBe(true);
        versionOf(await store.commit(writing("UPDATE", { id: "a", parentId: "b", isReseller: true })));
        tokens.add((await store.versions(of([]))).tree);
        expect(tokens.size).toBe(3);
        versionOf(await remove("z", "y"));
        tokens.add((await store.lineages([])).tree);
        expect(tokens.size).toBe(3);
      });

      it("moves an account with all that is below it", async () => {
        await createAll(SMALL);
        versionOf(await move("y", "b"));
        expect(await pathsOf()).toEqual(["a", "a/x", "a.b", "b", "b/y", "b/y/z"]);
        const { lineages } = await store.lineages(["z"]);
        expect(lineages[0]?.map(({ id }) => id)).toEqual(["z", "y", "b", "root"]);
        store = await opened.reopen();
        expect(await pathsOf()).toEqual(["a", "a/x", "a.b", "b", "b/y", "b/y/z"]);
      });

      it.each([
        ["below itself", "a", "a"],
        ["below what is below it", "a", "z"],
        ["below nobody", "a", "nobody"],
        ["to where the root is", "a", undefined],
        ["where the account is the root", "root", "a"],
        ["where there is no account", "nobody", "root"],
      ])("refuses a move %s", async (_, id, parentId) => {
        await createAll(SMALL);
        const before = [await pathsOf(), await store.versions(of([]))];
        expect(await move(id, parentId)).toMatchObject({ outcome: "conflict" });
        expect([await pathsOf(), await store.versions(of([]))]).toEqual(before);
      });

      it("keeps the tree from becoming deeper than it may be, by creating and by moving", async () => {
        await create("d1", undefined);
        for (let depth = 2; depth <= TREE_DEPTH; depth++) await create(`d${depth}`, `d${depth - 1}`);
        const tooDeep = accountCommit("deeper", `d${TREE_DEPTH}`);
        expect(await store.commit(tooDeep)).toMatchObject({ outcome: "conflict" });
        await createAll({ top: "d1", middle: "top", low: "middle" });
        expect(await move("top", `d${TREE_DEPTH - 2}`)).toMatchObject({ outcome: "conflict" });
        versionOf(await move("top", `d${TREE_DEPTH - 3}`));
        const { counts } = await store.descendants({ accountId: "d1", limit: 0 });
        expect(counts).toEqual([...Array(TREE_DEPTH - 4).fill(1), 2, 2, 2]);
      });

      it("lets one of two accounts pass that want below each other", async () => {
        await createAll({ root: undefined, left: "root", right: "root" });
        for (let round = 0; round < 10; round++) {
          const outcomes = await Promise.all([move("left", "right"), move("right", "left")]);
          expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(["conflict", "done"]);
          const loser = outcomes[0]?.outcome === "done" ? "left" : "right";
          versionOf(await move(loser, "root"));
        }
      });
    });

    describe("deleting", () => {
      const key = documentKey("x", "conferences");
      const gone = documentKey("x", "gone");
      const kept = documentKey("x.y", "conferences");
      const put = async (where: typeof key, v: number) =>
        versionOf(await store.commit(documentCommit(where, { v })));

      it("takes the account with everything of its documents, and nothing else", async () => {
        await createAll({ ...SMALL, "x.y": "a" });
        for (const v of [1, 2, 3]) await put(key, v);
        await put(gone, 1);
        versionOf(await store.commit(documentCommit(gone, undefined)));
        const others = [kept, documentKey(undefined, "conferences"), documentKey("a", "conferences")];
        for (const other of others) await put(other, 1);
        versionOf(await remove("x", "a"));
        expect(await storedDocuments(store, [key, gone])).toEqual([undefined, undefined]);
        expect((await store.versions(of([key, gone]))).documents).toEqual([undefined, undefined]);
        expect((await store.lineages(["x"])).lineages).toEqual([undefined]);
        expect(await pathsOf()).not.toContain("a/x");
        const documents = await storedDocuments(store, others);
        expect(documents.map((document) => document?.override)).toEqual([{ v: 1 }, { v: 1 }, { v: 1 }]);
        store = await opened.reopen();
        expect(await storedDocuments(store, [key])).toEqual([undefined]);
      });

      it("lets the id begin anew, with versions that no one had before", async () => {
        await createAll(SMALL);
        const before = [(await stored("x"))?.version, await put(key, 1)];
        versionOf(await remove("x", "a"));
        const account = await create("x", "b");
        const document = await put(key, 2);
        expect([account.revision, document.revision]).toEqual([1, 1]);
        const nonces = [...before, account, document].map((version) => version?.nonce);
        expect(new Set(nonces).size).toBe(4);
        expect(await pathsOf()).toContain("b/x");
      });

      it("refuses an account that has children, and one that is not there", async () => {
        await createAll(SMALL);
        expect(await remove("y", "a")).toMatchObject({ outcome: "conflict" });
        expect(await remove("nobody", "root")).toMatchObject({ outcome: "conflict" });
        expect(await remove("root", undefined)).toMatchObject({ outcome: "conflict" });
        expect(await pathsOf()).toEqual(IN_ORDER);
      });

      it("deletes the root as well, once it is alone, and then there can be another", async () => {
        await create("root", undefined);
        versionOf(await remove("root", undefined));
        expect(await store.rootId()).toBeUndefined();
        await create("other", undefined);
        expect(await store.rootId()).toBe("other");
      });

      it("remembers when the last one was", async () => {
        await createAll(SMALL);
        expect((await store.lineages([])).lastDeletion).toBeUndefined();
        const at = "2026-04-04T04:04:04.444Z";
        versionOf(
          await store.commit({ ...writing("DELETE", { id: "z", parentId: "y", isReseller: false }), at }),
        );
        expect((await store.lineages([])).lastDeletion).toBe(at);
        // Another one's clock may be behind.
        const before = "2026-04-04T04:04:03.999Z";
        versionOf(
          await store.commit({
            ...writing("DELETE", { id: "y", parentId: "a", isReseller: false }),
            at: before,
          }),
        );
        expect((await store.lineages([])).lastDeletion).toBe(at);
      });

      it("is done once when it is sent again", async () => {
        await createAll(SMALL);
        const commit = writing("DELETE", { id: "z", parentId: "y", isReseller: false });
        const version = versionOf(await store.commit(commit));
        await create("z", "y");
        expect(await store.commit(commit)).toMatchObject({ outcome: "done", version, replayed: true });
        expect(await stored("z")).toBeDefined();
      });
    });

    it("tells of creations, changes and deletions in the feed", async () => {
      await createAll({ root: undefined, a: "root", b: "root" });
      const moved = versionOf(await move("b", "a"));
      const deleted = versionOf(await remove("b", "a"));
      const { changes = [] } = await store.changes(0, 10);
      expect(changes.map((change) => change.kind)).toEqual([
        "CREATE",
        "CREATE",
        "CREATE",
        "UPDATE",
        "DELETE",
      ]);
      expect(changes.slice(3)).toMatchObject([
        { on: "account", account: { id: "b", parentId: "a", version: moved } },
        { on: "account", account: { id: "b", parentId: "a", version: deleted } },
      ]);
      expect([moved.revision, deleted.revision]).toEqual([2, 3]);
    });

    it(`is what a plain tree would be after any writes (LAW_SEED=${SEED})`, async () => {
      const law = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        await emptied(store);
        const model = new TreeModel();
        for (const each of steps) {
          const outcome: CommitOutcome = await store.commit(writing(each.kind, each));
          expect([each, outcome.outcome]).toEqual([each, model.take(each) ? "done" : "conflict"]);
        }
        const { lineages } = await store.lineages(IDS);
        for (const [index, id] of IDS.entries()) {
          const known = model.nodes.get(id);
          expect(lineages[index]?.map((account) => account.id)).toEqual(known && model.lineageOf(id));
          expect(lineages[index]?.[0].isReseller).toBe(known?.isReseller);
          const below: Descendants = await store.descendants({ accountId: id, limit: EVERYTHING });
          expect(below).toEqual({
            paths: known === undefined ? [] : model.below(id),
            counts: known === undefined ? [] : model.countsBelow(id),
          });
          const { paths } = await store.descendants({ accountId: id, limit: EVERYTHING, backwards: {} });
          expect([...paths].reverse()).toEqual(below.paths);
        }
      });
      await fc.assert(law, { seed: SEED, numRuns: RUNS });
    });

    /** Deletes from the leaves up. */
    async function emptied(full: Store): Promise<void> {
      const root = await full.rootId();
      if (root === undefined) return;
      const { paths } = await full.descendants({ accountId: root, limit: EVERYTHING });
      for (const path of [...paths].reverse())
        versionOf(await remove(path.at(-1) ?? "", path.at(-2) ?? root));
      versionOf(await remove(root, undefined));
    }
  });
}
