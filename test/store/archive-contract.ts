import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ArchivedWrite, ArchiveItem, ArchiveSource, ArchiveTarget } from "../../src/store/archive.js";
import type { AccountRecord, DocumentKey, Store, Version } from "../../src/store/store.js";
import { accountCommit, documentCommit, documentKey, of, versionOf } from "./store-contract.js";
import { storedDocuments } from "./stored-documents.js";

/** One place where a store is or will be; what is opened of it is closed before something else is. */
export interface StorePlace {
  openStore(): Promise<Store>;
  openSource(): Promise<ArchiveSource>;
  openTarget(): Promise<ArchiveTarget>;
}

const AT = "2026-03-01T10:00:00.000Z";
/** More than an adapter tells in one page. */
const MANY = 1_200;

const version = (revision: number, sequence: number): Version => ({
  revision,
  sequence,
  nonce: `n${sequence}`,
});

export function account(id: string, parentId: string | undefined, sequence: number): ArchiveItem {
  const record: AccountRecord = {
    id,
    name: `The ${id}`,
    parentId,
    isReseller: id === "shop",
    createdAt: AT,
    version: version(1, sequence),
  };
  return { on: "account", account: record };
}

export function write(key: DocumentKey, made: Version, text: string | undefined): ArchiveItem {
  return { on: "document", key, version: made, kind: text ? "PATCH" : "RESET", at: AT, by: "ada", text };
}

/** Numbers, keys and blanks that no serializer of ours would write like that. */
export const SPELLED = '{"z": 1.0,"10":-0, "9":[1e2,0.10,1E-7],"a":"\\u0041\\/\u2028"}';

const system = documentKey(undefined, "x");
const branch = documentKey("branch", "x");
const gone = documentKey("shop", "x.y");
const ITEMS: readonly ArchiveItem[] = [
  account("branch", "shop", 3),
  account("root", undefined, 1),
  account("shop", "root", 2),
  write(system, version(1, 4), SPELLED),
  write(branch, version(1, 5), '{"v":1}'),
  write(branch, version(2, 7), undefined),
  write(branch, version(3, 9), '{"v":3}'),
  write(gone, version(1, 6), "{}"),
  write(gone, version(2, 8), undefined),
];
const SEQUENCE = 11;

/** Every promise of the two ports of `src/store/archive.ts`. */
export function describeArchiveContract(name: string, create: () => Promise<StorePlace>): void {
  describe(`${name} keeps the archive's contract`, () => {
    let place: StorePlace;
    const closing: { close(): Promise<void> }[] = [];
    beforeEach(async () => {
      place = await create();
    });
    afterEach(async () => {
      for (const each of closing.splice(0)) await each.close();
    });
    const using = async <T extends { close(): Promise<void> }, R>(
      opening: Promise<T>,
      use: (opened: T) => Promise<R>,
    ): Promise<R> => {
      const opened = await opening;
      closing.push(opened);
      const result = await use(opened);
      await opened.close();
      closing.splice(closing.indexOf(opened), 1);
      return result;
    };
    const inStore = <R>(use: (store: Store) => Promise<R>) => using(place.openStore(), use);
    const fromSource = <R>(use: (source: ArchiveSource) => Promise<R>) => using(place.openSource(), use);
    const intoTarget = <R>(use: (target: ArchiveTarget) => Promise<R>) => using(place.openTarget(), use);
    const restored = (items: readonly ArchiveItem[] = ITEMS, sequence = SEQUENCE) =>
      intoTarget(async (target) => {
        await target.begin("one", false);
        await target.restore(items);
        return target.finish(sequence, 0);
      });
    const everyWrite = (key: DocumentKey): Promise<readonly ArchivedWrite[]> =>
      fromSource((source) => source.writes(key, 1, 100));

    describe("a source", () => {
      it("tells the store's life, and how many commits it has seen", async () => {
        const commit = () => inStore((store) => store.commit(documentCommit(branch, {})));
        await commit();
        const first = await fromSource((source) => source.position());
        expect(first).toEqual({ incarnation: expect.stringMatching(/./), sequence: 1, dropped: 0 });
        await commit();
        expect(await fromSource((source) => source.position())).toEqual({ ...first, sequence: 2 });
      });

      it("tells how many commits went with the accounts that were deleted", async () => {
        await inStore(async (store) => {
          for (const [id, parentId] of [
            ["root", undefined],
            ["leaf", "root"],
          ] as const)
            versionOf(await store.commit(accountCommit(id, parentId)));
          const leaf = documentKey("leaf", "x");
          for (const override of [{ v: 1 }, { v: 2 }, undefined])
            versionOf(await store.commit(documentCommit(leaf, override)));
          versionOf(await store.commit(documentCommit(documentKey("root", "x"), {})));
          const deletion = accountCommit("leaf", "root");
          if (deletion.write.on === "account") Object.assign(deletion.write, { kind: "DELETE" });
          versionOf(await store.commit(deletion));
        });
        // Its creation, three writes, and the deletion.
        expect(await fromSource((source) => source.position())).toMatchObject({ sequence: 7, dropped: 5 });
        expect(await everyWrite(documentKey("leaf", "x"))).toEqual([]);
        await fromSource(async (source) => {
          const records: string[] = [];
          for await (const { accounts, documents } of source.scan()) {
            expect(documents.map((key) => key.accountId)).not.toContain("leaf");
            records.push(...accounts.map(({ account, kind }) => `${account.id} ${kind}`));
          }
          expect(records.sort()).toEqual(["leaf CREATE", "leaf DELETE", "root CREATE"]);
        });
      });

      it("scans every account and the key of every document, removed ones included", async () => {
        const keys = Array.from({ length: MANY }, (_, n) => documentKey(`a${n % 7}`, `c${n}`));
        const ids = Array.from({ length: MANY }, (_, n) => `child${n}`);
        await inStore(async (store) => {
          versionOf(await store.commit(accountCommit("root", undefined)));
          const commits = [
            ...ids.map((id) => accountCommit(id, "root")),
            ...[...keys, system, gone].map((key) => documentCommit(key, {})),
          ];
          // Not all at once: on a busy machine the last would not be answered in time.
          while (commits.length > 0)
            (await Promise.all(commits.splice(0, 100).map((commit) => store.commit(commit)))).map(versionOf);
          versionOf(await store.commit(documentCommit(gone, undefined)));
        });
        const accounts: AccountRecord[] = [];
        const documents: DocumentKey[] = [];
        await fromSource(async (source) => {
          for await (const page of source.scan()) {
            accounts.push(...page.accounts.map((revision) => revision.account));
            documents.push(...page.documents);
          }
        });
        expect(new Set(accounts.map(({ id }) => id))).toEqual(new Set(["root", ...ids]));
        const nameOf = ({ accountId, configId }: DocumentKey) => `${accountId} ${configId}`;
        expect(new Set(documents.map(nameOf))).toEqual(new Set([...keys, system, gone].map(nameOf)));
        const stored = await inStore((store) => store.lineages(["child77"]));
        expect(accounts.find(({ id }) => id === "child77")).toStrictEqual(stored.lineages[0]?.[0]);
      });

      it("tells the writes of one document, oldest first, some at a time", async () => {
        const versions = await inStore(async (store) => {
          const made: Version[] = [];
          for (let n = 1; n <= 25; n++) {
            const override = n === 13 ? undefined : { n };
            made.push(versionOf(await store.commit(documentCommit(branch, override))));
            await store.commit(documentCommit(documentKey("branch", "x.y"), {}));
          }
          return made;
        });
        const written = versions.map((made, index) => ({
          key: branch,
          version: made,
          kind: index === 12 ? "RESET" : "SET",
          at: AT,
          by: "tester",
          text: index === 12 ? undefined : `{"n":${index + 1}}`,
        }));
        await fromSource(async (source) => {
          expect(await source.writes(branch, 1, 100)).toStrictEqual(written);
          expect(await source.writes(branch, 1, 10)).toStrictEqual(written.slice(0, 10));
          expect(await source.writes(branch, 11, 10)).toStrictEqual(written.slice(10, 20));
          expect(await source.writes(branch, 21, 10)).toStrictEqual(written.slice(20));
          expect(await source.writes(branch, 26, 10)).toEqual([]);
          expect(await source.writes(documentKey("nobody", "x"), 1, 10)).toEqual([]);
        });
      });

      it("tells the feed as the store does", async () => {
        const told = await inStore(async (store) => {
          await store.commit(accountCommit("root", undefined));
          await store.commit(documentCommit(branch, {}));
          return store.changes(0, 10);
        });
        expect(await fromSource((source) => source.changes(0, 10))).toStrictEqual(told);
        expect(await fromSource((source) => source.changes(2, 10))).toEqual({ changes: [], sequence: 2 });
      });
    });

    describe("a target", () => {
      it("is empty until something was stored or an import was begun", async () => {
        await intoTarget(async (target) => {
          expect(await target.isEmpty()).toBe(true);
          expect(await target.unfinished()).toBeUndefined();
          await target.begin("one", false);
          expect(await target.isEmpty()).toBe(false);
          expect(await target.unfinished()).toBe("one");
          await target.finish(0, 0);
          expect(await target.isEmpty()).toBe(true);
          expect(await target.unfinished()).toBeUndefined();
        });
        await inStore((store) => store.commit(documentCommit(system, undefined)));
        expect(await intoTarget((target) => target.isEmpty())).toBe(false);
      });

      it("keeps everybody out from the beginning of an import to its end", async () => {
        await inStore((store) => store.rootId());
        await intoTarget((target) => target.begin("one", false));
        const refusal = { code: "STORE_UNAVAILABLE", message: expect.stringMatching(/import/) };
        await expect(inStore((store) => store.rootId())).rejects.toMatchObject(refusal);
        await expect(fromSource((source) => source.position())).rejects.toMatchObject(refusal);
        await intoTarget(async (target) => {
          expect(await target.unfinished()).toBe("one");
          await target.finish(0, 0);
        });
        expect(await inStore((store) => store.rootId())).toBeUndefined();
        expect(await fromSource((source) => source.position())).toMatchObject({ sequence: 0 });
      });

      it("stores accounts and documents with the versions they had", async () => {
        const position = await restored();
        await inStore(async (store) => {
          const { lineages } = await store.lineages(["branch", "nobody"]);
          const [own, shop, root] = ["branch", "shop", "root"].map((id) =>
            ITEMS.flatMap((item) => (item.on === "account" && item.account.id === id ? [item.account] : [])),
          );
          expect(lineages).toStrictEqual([[...(own ?? []), ...(shop ?? []), ...(root ?? [])], undefined]);
          expect(await store.rootId()).toBe("root");
          const documents = await storedDocuments(store, [branch, system, gone]);
          const meta = { updatedAt: AT, updatedBy: "ada" };
          expect(documents).toEqual([
            { version: version(3, 9), override: { v: 3 }, ...meta },
            { version: version(1, 4), override: JSON.parse(SPELLED), ...meta },
            { version: version(2, 8), override: undefined, ...meta },
          ]);
          expect(
            await store.versions({ accounts: ["shop"], documents: [branch, system, gone] }),
          ).toMatchObject({
            sequence: SEQUENCE,
            accounts: [version(1, 2)],
            documents: [version(3, 9), version(1, 4), version(2, 8)],
          });
        });
        expect(await fromSource((source) => source.position())).toEqual(position);
      });

      it("keeps every write, its text byte for byte", async () => {
        await restored();
        for (const key of [branch, system, gone]) {
          const given = ITEMS.flatMap((item) => (item.on === "document" && item.key === key ? [item] : []));
          expect(await everyWrite(key)).toStrictEqual(given.map(({ on: _, ...made }) => made));
        }
      });

      it("goes on counting where the copy ended, with a feed that begins there", async () => {
        await restored();
        await inStore(async (store) => {
          expect(await store.changes(SEQUENCE, 10)).toEqual({ changes: [], sequence: SEQUENCE });
          for (const after of [0, 8, SEQUENCE - 1])
            expect(await store.changes(after, 10)).toEqual({ changes: undefined, sequence: SEQUENCE });
          const expected = { documents: [{ key: branch, version: version(3, 9) }] };
          const next = versionOf(await store.commit(documentCommit(branch, { v: 4 }, expected)));
          expect(next).toMatchObject({ revision: 4, sequence: SEQUENCE + 1 });
          expect((await store.changes(SEQUENCE, 10)).changes).toHaveLength(1);
          expect((await store.changes(SEQUENCE - 1, 10)).changes).toBeUndefined();
          expect(await store.commit(accountCommit("other", undefined))).toMatchObject({
            outcome: "conflict",
          });
          expect(await store.commit(accountCommit("leaf", "branch"))).toMatchObject({ outcome: "done" });
        });
        expect((await everyWrite(branch)).map(({ text }) => text)).toEqual([
          '{"v":1}',
          undefined,
          '{"v":3}',
          '{"v":4}',
        ]);
      });

      it("makes no commit older than what was restored, however its times are written", async () => {
        await restored();
        const late: ArchiveItem = {
          on: "document",
          key: system,
          version: version(2, 10),
          kind: "RESET",
          at: "2027-01-01T00:00:00Z",
          by: "ada",
          text: undefined,
        };
        await intoTarget(async (target) => {
          await target.begin("again", true);
          await target.restore([late, ...ITEMS]);
          await target.finish(SEQUENCE, 0);
        });
        await inStore(async (store) => {
          expect(await store.commit(documentCommit(gone, {}))).toMatchObject({
            outcome: "done",
            at: "2027-01-01T00:00:00.000Z",
          });
        });
      });

      it("keeps from when on an account's tokens count", async () => {
        const item = account("root", undefined, 1);
        if (item.on !== "account") throw new Error("no account");
        const record = { ...item.account, tokensFrom: 1_800_000_000 };
        await intoTarget(async (target) => {
          await target.begin("tokens", false);
          await target.restore([{ on: "account", account: record }]);
          await target.finish(1, 0);
        });
        await inStore(async (store) =>
          expect((await store.lineages(["root"])).lineages).toStrictEqual([[record]]),
        );
      });

      it("takes items twice and in any order", async () => {
        const moved = account("branch", "root", 10);
        if (moved.on === "account") Object.assign(moved.account, { version: version(2, 10) });
        const items = [...ITEMS, moved];
        await restored([...items, ...[...items].reverse(), ...items.slice(0, 4)]);
        expect((await inStore((store) => store.versions(of([branch, system, gone])))).documents).toEqual([
          version(3, 9),
          version(1, 4),
          version(2, 8),
        ]);
        expect((await everyWrite(branch)).map((made) => made.version.revision)).toEqual([1, 2, 3]);
        await inStore(async (store) => {
          const { lineages } = await store.lineages(["branch"]);
          expect(lineages[0]?.map(({ id }) => id)).toEqual(["branch", "root"]);
          const { paths } = await store.descendants({ accountId: "root", limit: 10 });
          expect(paths).toEqual([["branch"], ["shop"]]);
        });
      });

      it("counts the accounts below each as it is told to, and goes on from there", async () => {
        const counts = (accountId: string, ...found: number[]): ArchiveItem => ({
          on: "counts",
          accountId,
          counts: found,
        });
        await restored([
          ...ITEMS,
          counts("root", 9),
          counts("root", 1, 1),
          counts("shop", 1),
          counts("branch"),
        ]);
        await inStore(async (store) => {
          const below = async (accountId: string) =>
            (await store.descendants({ accountId, limit: 0 })).counts;
          expect(await below("root")).toEqual([1, 1]);
          versionOf(await store.commit(accountCommit("leaf", "branch")));
          expect([await below("root"), await below("shop"), await below("branch")]).toEqual([
            [1, 1, 1],
            [1, 1],
            [1],
          ]);
        });
      });

      it("begins a new life, which no cache and no reader takes for the one before", async () => {
        await inStore((store) => store.commit(documentCommit(system, {})));
        const before = {
          position: await fromSource((source) => source.position()),
          tree: (await inStore((store) => store.versions(of([])))).tree,
        };
        const position = await intoTarget(async (target) => {
          await target.begin("one", true);
          return target.finish(SEQUENCE, 0);
        });
        expect(position.sequence).toBe(SEQUENCE);
        expect(position.incarnation).not.toBe(before.position.incarnation);
        expect((await inStore((store) => store.versions(of([])))).tree).not.toBe(before.tree);
      });

      it("is not begun over what is stored, and leaves that as it was", async () => {
        const made = await inStore((store) => store.commit(documentCommit(branch, { v: 1 })));
        await intoTarget(async (target) => {
          await expect(target.begin("one", false)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
          expect(await target.unfinished()).toBeUndefined();
        });
        const { documents } = await inStore((store) => store.versions(of([branch])));
        expect(documents).toEqual([versionOf(made)]);
        await intoTarget(async (target) => {
          await target.begin("one", true);
          await expect(target.begin("two", false)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
          expect(await target.unfinished()).toBe("one");
        });
      });

      it("clears everything when it is told to, operation ids and feed included", async () => {
        const commit = documentCommit(branch, { v: 1 });
        await inStore(async (store) => {
          await store.commit(accountCommit("root", undefined));
          await store.commit(commit);
        });
        await intoTarget(async (target) => {
          await target.begin("one", true);
          await target.finish(0, 0);
        });
        await inStore(async (store) => {
          expect(await store.rootId()).toBeUndefined();
          expect(await store.versions(of([branch]))).toMatchObject({ documents: [undefined] });
          expect(await store.lineages(["root"])).toMatchObject({ lineages: [undefined] });
          expect(await store.changes(0, 10)).toEqual({ changes: [], sequence: 0 });
          expect(await store.commit(commit)).toMatchObject({ replayed: false, version: version1 });
        });
        expect(await everyWrite(branch)).toHaveLength(1);
      });
      const version1 = { revision: 1, sequence: 1 };

      it("goes on with what was begun under the same name, in another process as well", async () => {
        await intoTarget(async (target) => {
          await target.begin("one", false);
          await target.restore(ITEMS.slice(0, 5));
        });
        await intoTarget(async (target) => {
          await target.begin("one", false);
          await target.restore(ITEMS.slice(5));
          await target.finish(SEQUENCE, 0);
        });
        expect((await everyWrite(branch)).map((made) => made.version.revision)).toEqual([1, 2, 3]);
        expect(await everyWrite(system)).toHaveLength(1);
      });
    });
  });
}
