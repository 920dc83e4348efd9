import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { equals, type Json, type JsonObject } from "../../src/domain/json/json.js";
import {
  type AccountRecord,
  type AccountWrite,
  type Commit,
  type CommitOutcome,
  type DocumentKey,
  documentKeys,
  type Expectations,
  type HistoryRetention,
  type Store,
  type Version,
  type VersionsOf,
} from "../../src/store/store.js";
import { cases, SEED } from "../cases.js";
import { storedDocuments } from "./stored-documents.js";

/** A store to test, and the way to the same data after a restart. */
export interface OpenedStore {
  readonly store: Store;
  /** Closes the store in use, if it still is, and opens the same data again. */
  reopen(kept?: Partial<HistoryRetention>): Promise<Store>;
  /** Closes everything and removes the data. */
  close(): Promise<void>;
}

const AT = "2026-03-01T10:00:00.000Z";
const RUNS = cases(50);

export const documentKey = (accountId: string | undefined, configId: string): DocumentKey => ({
  accountId,
  configId,
});

/** What to ask for when only documents matter. */
export const of = (documents: readonly DocumentKey[]): VersionsOf => ({ accounts: [], documents });

/** A write that expects what it is told to, and by default nothing. */
export function documentCommit(
  key: DocumentKey,
  override: JsonObject | undefined,
  expected: Partial<Expectations> = {},
): Commit {
  return {
    expect: { documents: [], accounts: [], ...expected },
    write: { on: "document", key, override, kind: override === undefined ? "RESET" : "SET" },
    at: AT,
    by: "tester",
    schema: undefined,
    operation: { id: randomUUID(), digest: "digest" },
  };
}

function accountOf(id: string, parentId: string | undefined): AccountWrite["account"] {
  return { id, name: `The ${id}`, parentId, isReseller: false, createdAt: AT };
}

export function accountCommit(
  id: string,
  parentId: string | undefined,
  expected: Partial<Expectations> = {},
): Commit {
  return {
    expect: { documents: [], accounts: [], ...expected },
    write: { on: "account", kind: "CREATE", account: accountOf(id, parentId) },
    at: AT,
    by: "tester",
    schema: undefined,
    operation: { id: randomUUID(), digest: "digest" },
  };
}

export function accountDeletion(id: string, parentId: string | undefined): Commit {
  return {
    ...accountCommit(id, parentId),
    write: { on: "account", kind: "DELETE", account: accountOf(id, parentId) },
  };
}

export function versionOf(outcome: CommitOutcome): Version {
  if (outcome.outcome !== "done") throw new Error(`expected done, got ${JSON.stringify(outcome)}`);
  return outcome.version;
}

/** Every promise of the port. Each adapter runs all of them on a store that keeps what it is told. */
export function describeStoreContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name} keeps the store's contract`, () => {
    let opened: OpenedStore;
    let store: Store;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.close());

    const put = async (key: DocumentKey, override: JsonObject | undefined): Promise<Version> =>
      versionOf(await store.commit(documentCommit(key, override)));
    const read = async (key: DocumentKey) => (await storedDocuments(store, [key]))[0];
    const createTree = async () => {
      for (const [id, parent] of [
        ["root", undefined],
        ["shop", "root"],
        ["branch", "shop"],
      ] as const)
        versionOf(await store.commit(accountCommit(id, parent)));
    };

    describe("layers", () => {
      const target = (accountId: string | undefined, configId = "x") => documentKey(accountId, configId);

      it("are what is found account by account and document by document, whatever the tree", async () => {
        const arbitrary = fc.array(
          fc.record({
            above: fc.nat(),
            isReseller: fc.boolean(),
            stored: fc.boolean(),
            removed: fc.boolean(),
          }),
          { minLength: 1, maxLength: 9 },
        );
        let round = 0;
        await fc.assert(
          fc.asyncProperty(arbitrary, fc.boolean(), async (accounts, hasSystem) => {
            // One tree for all rounds: each hangs its accounts below the root.
            const prefix = `r${round++}`;
            const name = (index: number) => `${prefix}-${index}`;
            const [config, other] = [`c${round}`, `d${round}`];
            if (round === 1) versionOf(await store.commit(accountCommit("root", undefined)));
            for (const [index, { above, isReseller, stored, removed }] of accounts.entries()) {
              const parent = index === 0 ? "root" : name(above % index);
              const commit = accountCommit(name(index), parent);
              const write = commit.write as AccountWrite;
              const account = { ...write.account, isReseller };
              versionOf(await store.commit({ ...commit, write: { ...write, account } }));
              if (isReseller) await put(target(name(index), other), { index });
              if (!stored) continue;
              await put(target(name(index), config), { index });
              if (removed) await put(target(name(index), config), undefined);
            }
            if (hasSystem) await put(target(undefined, config), { system: round });
            const ids = [...accounts.keys()].map(name).toReversed();
            const targets = [...ids, "root", undefined, "nobody"].flatMap((id) => [
              target(id, config),
              target(id, other),
            ]);
            const { tree, lineages } = await store.lineages(targets.map(({ accountId }) => accountId ?? "~"));
            for (const bodies of ["own", "all"] as const) {
              const found = await store.layers(targets, bodies);
              const own = found.configs.map((config) => config?.documents[0]);
              expect(await store.documents(targets)).toStrictEqual(own);
              expect(found.tree).toBe(tree);
              expect(found.configs).toHaveLength(targets.length);
              for (const [index, { accountId, configId }] of targets.entries()) {
                const lineage = lineages[index];
                if (accountId !== undefined && lineage === undefined) {
                  expect(found.configs[index]).toBeUndefined();
                  continue;
                }
                const keys = documentKeys(lineage, configId);
                const documents = await storedDocuments(store, keys);
                expect(found.configs[index]).toStrictEqual({
                  lineage,
                  keys,
                  versions: documents.map((document) => document?.version),
                  documents: bodies === "all" ? documents : documents.slice(0, 1),
                });
              }
            }
          }),
          { numRuns: Math.ceil(RUNS / 5), seed: SEED },
        );
      });

      it("of nothing are nothing", async () => {
        await createTree();
        expect((await store.layers([], "all")).configs).toEqual([]);
        const unknown = [target("nobody"), target("no:body", "no"), target("~")];
        expect((await store.layers(unknown, "all")).configs).toEqual([undefined, undefined, undefined]);
      });
    });

    describe("reading", () => {
      it("answers an empty store with nothing, in the length that was asked for", async () => {
        const keys = [documentKey(undefined, "a-x"), documentKey(undefined, "x")];
        expect(await storedDocuments(store, keys)).toEqual([undefined, undefined]);
        expect((await store.versions(of(keys))).documents).toEqual([undefined, undefined]);
        expect((await store.lineages(["a", "b", "c"])).lineages).toEqual([undefined, undefined, undefined]);
        expect(await storedDocuments(store, [])).toEqual([]);
        expect(await store.documents([...keys, documentKey("a", "x")])).toEqual([
          undefined,
          undefined,
          undefined,
        ]);
        expect(await store.documents([])).toEqual([]);
        expect((await store.versions(of([]))).documents).toEqual([]);
        expect((await store.lineages([])).lineages).toEqual([]);
        expect(await store.rootId()).toBeUndefined();
      });

      it("keeps the order of what was asked, repetitions and gaps included", async () => {
        const first = await put(documentKey(undefined, "a-x"), { v: 1 });
        const second = await put(documentKey(undefined, "b-x"), { v: 2 });
        const keys = [
          documentKey(undefined, "b-x"),
          documentKey(undefined, "nobody-x"),
          documentKey(undefined, "a-x"),
          documentKey(undefined, "b-x"),
        ];
        const documents = await storedDocuments(store, keys);
        expect(documents.map((document) => document?.override)).toEqual([
          { v: 2 },
          undefined,
          { v: 1 },
          { v: 2 },
        ]);
        expect((await store.versions(of(keys))).documents).toEqual([second, undefined, first, second]);
      });

      it("never says that it is still at a sequence after which something was committed", async () => {
        const sequenceNow = async () => (await store.versions(of([]))).sequence;
        const before = await sequenceNow();
        await put(documentKey(undefined, "a-x"), { v: 1 });
        const between = await sequenceNow();
        await put(documentKey(undefined, "b-y"), undefined);
        const after = await sequenceNow();
        expect([before, between, after + 1].map((sequence) => store.isStillAt(sequence))).toEqual([
          false,
          false,
          false,
        ]);
        await store.close();
        expect(store.isStillAt(after)).toBe(false);
      });

      it("tells documents apart by account and config, and the system layer from every account", async () => {
        const keys = [
          documentKey(undefined, "x"),
          documentKey("a", "x"),
          documentKey("a", "x.y"),
          documentKey("a.x", "y"),
          documentKey("A", "x"),
        ];
        versionOf(await store.commit(accountCommit("a", undefined)));
        for (const id of ["a.x", "A"]) versionOf(await store.commit(accountCommit(id, "a")));
        for (const [index, key] of keys.entries()) await put(key, { index });
        const documents = await storedDocuments(store, keys);
        expect(documents.map((document) => document?.override)).toEqual(keys.map((_, index) => ({ index })));
      });

      it("gives a document with its version, its time and its author", async () => {
        const version = await put(documentKey(undefined, "a-x"), { v: 1 });
        expect(await read(documentKey(undefined, "a-x"))).toEqual({
          version,
          override: { v: 1 },
          updatedAt: AT,
          updatedBy: "tester",
        });
      });

      it("sees a commit from the moment it is acknowledged", async () => {
        for (let n = 0; n < 200; n++) {
          const version = await put(documentKey(undefined, "a-x"), { n });
          const [document, revisions] = await Promise.all([
            read(documentKey(undefined, "a-x")),
            store.versions(of([documentKey(undefined, "a-x")])),
          ]);
          expect(document?.override).toEqual({ n });
          expect(revisions.documents).toEqual([version]);
        }
      });
    });

    describe("accounts", () => {
      it("gives each account with its ancestors, the root last", async () => {
        await createTree();
        const { lineages } = await store.lineages(["branch", "nobody", "root", "shop"]);
        expect(lineages.map((lineage) => lineage?.map(({ id }) => id))).toEqual([
          ["branch", "shop", "root"],
          undefined,
          ["root"],
          ["shop", "root"],
        ]);
      });

      it("keeps an account's record as it was created", async () => {
        const version = versionOf(await store.commit(accountCommit("root", undefined)));
        const record: AccountRecord = {
          id: "root",
          name: "The root",
          parentId: undefined,
          isReseller: false,
          createdAt: AT,
          version,
        };
        expect((await store.lineages(["root"])).lineages[0]?.[0]).toStrictEqual(record);
        expect(version.revision).toBe(1);
      });

      it("has one root, for good", async () => {
        versionOf(await store.commit(accountCommit("root", undefined, { noRoot: true })));
        expect(await store.rootId()).toBe("root");
        expect(await store.commit(accountCommit("other", undefined, { noRoot: true }))).toMatchObject({
          outcome: "conflict",
        });
        expect(await store.commit(accountCommit("other", undefined))).toMatchObject({ outcome: "conflict" });
        expect(await store.rootId()).toBe("root");
        expect((await store.lineages(["other"])).lineages).toEqual([undefined]);
      });

      it("elects one root among many that come at once", async () => {
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, n) =>
            store.commit(accountCommit(`root${n}`, undefined, { noRoot: true })),
          ),
        );
        expect(outcomes.filter(({ outcome }) => outcome === "done")).toHaveLength(1);
        expect(outcomes.filter(({ outcome }) => outcome === "conflict")).toHaveLength(19);
      });

      it("creates no account twice, and none below a parent that is not there", async () => {
        await createTree();
        expect(await store.commit(accountCommit("shop", "root"))).toMatchObject({ outcome: "conflict" });
        expect(await store.commit(accountCommit("lost", "nobody"))).toMatchObject({ outcome: "conflict" });
        expect((await store.lineages(["lost"])).lineages).toEqual([undefined]);
      });

      it("keeps the tree token when accounts are created and documents written, and shows it everywhere", async () => {
        const { tree } = await store.lineages([]);
        await createTree();
        await put(documentKey("shop", "x"), { v: 1 });
        expect(tree).not.toBe("");
        expect((await store.lineages(["shop"])).tree).toBe(tree);
        expect((await store.layers([], "own")).tree).toBe(tree);
        expect((await store.versions(of([]))).tree).toBe(tree);
        expect((await opened.reopen().then((again) => again.lineages([]))).tree).toBe(tree);
      });
    });

    describe("versions", () => {
      it("counts a document's writes from 1, and all commits together without a gap", async () => {
        const versions = [
          await put(documentKey(undefined, "a-x"), { v: 1 }),
          await put(documentKey(undefined, "b-x"), { v: 1 }),
          await put(documentKey(undefined, "a-x"), { v: 2 }),
        ];
        expect(versions.map(({ revision }) => revision)).toEqual([1, 1, 2]);
        const first = versions[0]?.sequence ?? 0;
        expect(versions.map(({ sequence }) => sequence)).toEqual([first, first + 1, first + 2]);
        expect(new Set(versions.map(({ nonce }) => nonce)).size).toBe(3);
      });

      it("never uses a revision twice, however often the document is removed", async () => {
        const key = documentKey(undefined, "a-x");
        expect((await put(key, { v: 1 })).revision).toBe(1);
        const removed = await put(key, undefined);
        expect(removed.revision).toBe(2);
        expect(await read(key)).toEqual({
          version: removed,
          override: undefined,
          updatedAt: AT,
          updatedBy: "tester",
        });
        expect((await store.versions(of([key]))).documents).toEqual([removed]);
        expect((await put(key, undefined)).revision).toBe(3);
        store = await opened.reopen();
        expect((await put(key, { v: 2 })).revision).toBe(4);
      });

      it("tells an empty document from a removed one", async () => {
        await put(documentKey(undefined, "a-x"), {});
        expect((await read(documentKey(undefined, "a-x")))?.override).toEqual({});
      });
    });

    describe("compare and set", () => {
      const key = documentKey("branch", "x");
      const layers = [key, documentKey("shop", "x"), documentKey(undefined, "x")];
      let versions: readonly (Version | undefined)[];
      beforeEach(async () => {
        await createTree();
        await put(key, { v: 1 });
        await put(documentKey(undefined, "x"), { v: 2 });
        versions = (await store.versions(of(layers))).documents;
      });

      const expectation = (): Expectations["documents"] =>
        layers.map((layer, index) => ({ key: layer, version: versions[index] }));
      /** What a refused write must leave as it was. */
      const unchanged = async (attempt: () => Promise<CommitOutcome>): Promise<CommitOutcome> => {
        const all = [...layers, documentKey("branch", "other")];
        const before = await storedDocuments(store, all);
        const outcome = await attempt();
        expect(await storedDocuments(store, all)).toEqual(before);
        const probe = documentKey(undefined, "probe-probe");
        const current = (await store.versions(of([probe]))).documents[0];
        const next = await put(probe, {});
        const last = Math.max(...before.map((document) => document?.version.sequence ?? 0));
        expect(next).toMatchObject({ revision: (current?.revision ?? 0) + 1, sequence: last + 1 });
        return outcome;
      };

      it("writes when every layer is as expected, the missing one included", async () => {
        const outcome = await store.commit(documentCommit(key, { v: 9 }, { documents: expectation() }));
        expect(outcome).toMatchObject({ outcome: "done", replayed: false });
        expect((await read(key))?.override).toEqual({ v: 9 });
        expect((await read(key))?.version).toEqual(versionOf(outcome));
      });

      it.each([0, 1, 2])(
        "writes nothing when layer %i has changed, and tells the current versions",
        async (n) => {
          const changed = await put(layers[n] ?? key, { changed: true });
          const documents = expectation();
          const { sequence } = changed;
          const outcome = await unchanged(() => store.commit(documentCommit(key, { v: 9 }, { documents })));
          const current = versions.map((version, index) => (index === n ? changed : version));
          expect(outcome).toEqual({
            outcome: "conflict",
            current: { ...(await store.versions(of([]))), sequence, documents: current },
          });
        },
      );

      it.each(["revision", "sequence", "nonce"] as const)("compares the %s of a version", async (part) => {
        const [known] = versions;
        if (known === undefined) throw new Error("no version");
        const wrong = {
          ...known,
          [part]: part === "nonce" ? `${known.nonce}x` : known[part] + 1,
        };
        const outcome = await unchanged(() =>
          store.commit(documentCommit(key, { v: 9 }, { documents: [{ key, version: wrong }] })),
        );
        expect(outcome).toMatchObject({ outcome: "conflict", current: { documents: [known] } });
      });

      it("takes a document that was removed for changed, not for missing", async () => {
        await put(key, undefined);
        const outcome = await store.commit(
          documentCommit(key, { v: 9 }, { documents: [{ key, version: undefined }] }),
        );
        expect(outcome).toMatchObject({ outcome: "conflict", current: { documents: [{ revision: 2 }] } });
      });

      it("checks accounts: their versions, and that there is none", async () => {
        const record = (await store.lineages(["shop"])).lineages[0]?.[0];
        const other = (await store.lineages(["root"])).lineages[0]?.[0];
        const attempt = (id: string, version: Version | undefined) =>
          store.commit(documentCommit(key, { v: 9 }, { accounts: [{ id, version }] }));
        expect(await unchanged(() => attempt("shop", other?.version))).toMatchObject({ outcome: "conflict" });
        await beforeAgain();
        expect(await unchanged(() => attempt("shop", undefined))).toMatchObject({ outcome: "conflict" });
        await beforeAgain();
        expect(await unchanged(() => attempt("nobody", record?.version))).toMatchObject({
          outcome: "conflict",
        });
        expect(await attempt("shop", record?.version)).toMatchObject({ outcome: "done" });
        expect(await attempt("nobody", undefined)).toMatchObject({ outcome: "done" });
      });
      /** `unchanged` counts on a layer holding the newest sequence. */
      const beforeAgain = () => put(key, { again: true });

      it("tells the versions of accounts and documents, all as of one moment", async () => {
        const account = (await store.lineages(["shop"])).lineages[0]?.[0];
        expect(await store.versions({ accounts: ["nobody", "shop"], documents: [key] })).toEqual({
          tree: (await store.lineages([])).tree,
          incarnation: expect.stringMatching(/./),
          sequence: Math.max(...versions.map((version) => version?.sequence ?? 0)),
          accounts: [undefined, account?.version],
          documents: [versions[0]],
        });
      });

      it("checks the tree token", async () => {
        const { tree } = await store.versions(of([]));
        const attempt = (token: string) => store.commit(documentCommit(key, { v: 9 }, { tree: token }));
        expect(await unchanged(() => attempt(`${tree}x`))).toMatchObject({
          outcome: "conflict",
          current: { tree },
        });
        expect(await attempt(tree)).toMatchObject({ outcome: "done" });
      });

      it("checks that there is no root", async () => {
        const outcome = await unchanged(() => store.commit(documentCommit(key, { v: 9 }, { noRoot: true })));
        expect(outcome).toMatchObject({ outcome: "conflict" });
      });
    });

    describe("operations", () => {
      const key = documentKey(undefined, "a-x");

      it("answers a retry with the first outcome and writes nothing, even when the layers moved on", async () => {
        const commit = documentCommit(key, { v: 1 }, { documents: [{ key, version: undefined }] });
        const version = versionOf(await store.commit(commit));
        const replay = { outcome: "done", version, at: AT, replayed: true };
        expect(await store.commit(commit)).toEqual(replay);
        const later = await put(key, { v: 2 });
        expect(await store.commit(commit)).toEqual(replay);
        expect((await read(key))?.version).toEqual(later);
        store = await opened.reopen();
        expect(await store.commit(commit)).toEqual(replay);
        expect((await put(key, { v: 3 })).sequence).toBe(later.sequence + 1);
      });

      it("writes once when the same operation is sent many times at once", async () => {
        const commit = documentCommit(key, { v: 1 });
        const outcomes = await Promise.all(Array.from({ length: 50 }, () => store.commit(commit)));
        const version = versionOf(outcomes[0] as CommitOutcome);
        expect(outcomes.map((outcome) => versionOf(outcome))).toEqual(outcomes.map(() => version));
        expect(outcomes.filter((outcome) => outcome.outcome === "done" && !outcome.replayed)).toHaveLength(1);
        expect((await read(key))?.version).toEqual(version);
        expect(version.revision).toBe(1);
      });

      it("replays the creation of an account", async () => {
        const commit = accountCommit("root", undefined, { noRoot: true });
        const version = versionOf(await store.commit(commit));
        expect(await store.commit(commit)).toEqual({ outcome: "done", version, at: AT, replayed: true });
      });

      it("refuses an id that was used for something else", async () => {
        const commit = documentCommit(key, { v: 1 });
        const version = versionOf(await store.commit(commit));
        const other = {
          ...documentCommit(key, { v: 2 }),
          operation: { ...commit.operation, digest: "other" },
        };
        expect(await store.commit(other)).toEqual({ outcome: "operationReused" });
        expect(await read(key)).toMatchObject({ version, override: { v: 1 } });
      });

      it("does not remember an operation that lost its race", async () => {
        const commit = documentCommit(key, { v: 1 }, { documents: [{ key, version: undefined }] });
        await put(key, { v: 0 });
        expect(await store.commit(commit)).toMatchObject({ outcome: "conflict" });
        const retried = { ...commit, expect: { documents: [], accounts: [] } };
        expect(await store.commit(retried)).toMatchObject({ outcome: "done", replayed: false });
      });
    });

    describe("commit times", () => {
      const clock = fc
        .integer({ min: Date.parse("1999-12-31T00:00:00Z"), max: Date.parse("2033-03-01T00:00:00Z") })
        .map((time) => new Date(time).toISOString());
      const second = (time: string) => Math.floor(Date.parse(time) / 1_000);
      const created = async (id: string) => (await store.lineages([id])).lineages[0]?.[0];
      const accountAt = (kind: AccountWrite["kind"], id: string, at: string): Commit => {
        const commit = accountCommit(id, "root");
        return { ...commit, at, write: { ...commit.write, kind } as AccountWrite };
      };

      it("never go backwards, whatever the clock does, also across a restart", async () => {
        let last = "";
        let round = 0;
        const key = documentKey(undefined, "x");
        await fc.assert(
          fc.asyncProperty(fc.array(clock, { minLength: 1, maxLength: 8 }), async (clocks) => {
            if (round++ % 3 === 1) store = await opened.reopen();
            for (const at of clocks) {
              const { sequence } = await store.changes(Number.MAX_SAFE_INTEGER - 1, 1);
              const outcome = await store.commit({ ...documentCommit(key, { at }), at });
              const expected = at < last ? last : at;
              expect(outcome).toMatchObject({ outcome: "done", at: expected });
              expect(await read(key)).toMatchObject({ updatedAt: expected });
              expect((await store.changes(sequence, 1)).changes).toMatchObject([{ at: expected }]);
              last = expected;
            }
          }),
          { numRuns: Math.ceil(RUNS / 5), seed: SEED },
        );
      });

      it("are those of creations, and say from when on tokens count", async () => {
        versionOf(
          await store.commit({ ...accountCommit("root", undefined), at: "1999-01-01T00:00:00.000Z" }),
        );
        let last = "";
        let round = 0;
        const reach = (at: string) => {
          last = at < last ? last : at;
          return last;
        };
        await fc.assert(
          fc.asyncProperty(clock, clock, clock, async (born, died, again) => {
            const id = `account${round++}`;
            const from = (at: string, time: string, free = 0) => {
              const tokensFrom = Math.max(second(at), free);
              return tokensFrom === second(time) ? {} : { tokensFrom };
            };
            const expectBorn = async (at: string, free?: number) => {
              versionOf(await store.commit(accountAt("CREATE", id, at)));
              const time = reach(at);
              const { version: _, ...account } = (await created(id)) ?? {};
              const given = { id, name: `The ${id}`, parentId: "root", isReseller: false };
              expect(account).toStrictEqual({ ...given, createdAt: time, ...from(at, time, free) });
              const { changes } = await store.changes(0, 10_000);
              expect(changes?.at(-1)).toMatchObject({ at: time, account });
            };
            await expectBorn(born);
            versionOf(await store.commit(accountAt("DELETE", id, died)));
            const deletion = reach(died);
            // The issuer's clock may be 5 seconds ahead, and another gateway's one; the last second counts whole.
            await expectBorn(again, second(deletion) + 7);
            versionOf(await store.commit(accountAt("DELETE", id, again)));
            reach(again);
          }),
          { numRuns: Math.ceil(RUNS / 5), seed: SEED },
        );
      });

      it("of what is sent again is the first one", async () => {
        const commit = documentCommit(documentKey("a", "x"), { v: 1 });
        await store.commit({ ...commit, at: "2026-05-01T00:00:00.000Z" });
        await store.commit(documentCommit(documentKey("a", "y"), {}));
        expect(await store.commit({ ...commit, at: "2026-06-01T00:00:00.000Z" })).toMatchObject({
          at: "2026-05-01T00:00:00.000Z",
          replayed: true,
        });
      });
    });

    describe("the feed", () => {
      it("tells every change, oldest first, with what was written", async () => {
        expect(await store.changes(0, 10)).toEqual({ changes: [], sequence: 0 });
        const root = versionOf(await store.commit(accountCommit("root", undefined)));
        const key = documentKey("root", "x");
        const set = await put(key, { v: 1 });
        const system = await put(documentKey(undefined, "x"), {});
        const reset = await put(key, undefined);
        const by = { at: AT, by: "tester" };
        const account = {
          id: "root",
          name: "The root",
          parentId: undefined,
          isReseller: false,
          createdAt: AT,
          version: root,
        };
        const changes = [
          { on: "account", kind: "CREATE", account, ...by },
          { on: "document", key, version: set, kind: "SET", ...by },
          { on: "document", key: documentKey(undefined, "x"), version: system, kind: "SET", ...by },
          { on: "document", key, version: reset, kind: "RESET", ...by },
        ];
        expect(await store.changes(0, 10)).toStrictEqual({ changes, sequence: 4 });
        expect(await store.changes(2, 1)).toStrictEqual({ changes: [changes[2]], sequence: 4 });
        expect(await store.changes(4, 10)).toEqual({ changes: [], sequence: 4 });
      });

      it("has no change of a commit that was refused or sent again", async () => {
        const commit = documentCommit(documentKey(undefined, "a-x"), { v: 1 });
        await store.commit(commit);
        await store.commit(commit);
        await store.commit(
          documentCommit(documentKey(undefined, "a-x"), {}, { noRoot: true, tree: "other" }),
        );
        expect((await store.changes(0, 10)).changes).toHaveLength(1);
      });
    });

    describe("many at once", () => {
      it("lets exactly one of many writers pass per version", async () => {
        const key = documentKey(undefined, "a-x");
        let version: Version | undefined;
        for (let round = 0; round < 10; round++) {
          const outcomes = await Promise.all(
            Array.from({ length: 40 }, (_, n) =>
              store.commit(documentCommit(key, { round, n }, { documents: [{ key, version }] })),
            ),
          );
          const winners = outcomes.filter((outcome) => outcome.outcome === "done");
          expect(winners).toHaveLength(1);
          version = versionOf(winners[0] as CommitOutcome);
          const losers = outcomes.filter((outcome) => outcome.outcome === "conflict");
          expect(losers).toHaveLength(39);
          for (const loser of losers) expect(loser.current.documents).toEqual([version]);
          expect((await read(key))?.override).toEqual({
            round,
            n: outcomes.findIndex(({ outcome }) => outcome === "done"),
          });
        }
        expect(version?.revision).toBe(10);
      });

      it("loses no increment when many clients count in one document", async () => {
        const key = documentKey(undefined, "a-counter");
        const increment = async (): Promise<void> => {
          const document = await read(key);
          const count = Number(document?.override?.count ?? 0) + 1;
          const documents = [{ key, version: document?.version }];
          const outcome = await store.commit(documentCommit(key, { count }, { documents }));
          if (outcome.outcome === "conflict") return increment();
          versionOf(outcome);
        };
        const client = async () => {
          for (let n = 0; n < 10; n++) await increment();
        };
        await Promise.all(Array.from({ length: 20 }, client));
        expect(await read(key)).toMatchObject({ override: { count: 200 }, version: { revision: 200 } });
      });

      it("shows no half of a commit and never goes back, while documents change under the readers", async () => {
        const pair = [documentKey(undefined, "a-left"), documentKey(undefined, "a-right")] as const;
        let writing = true;
        const write = async () => {
          for (let n = 1; n <= 100; n++) for (const key of pair) await put(key, { n });
          writing = false;
        };
        const watch = async () => {
          let seen = 0;
          while (writing) {
            const documents = await storedDocuments(store, [...pair, pair[0]]);
            const [left, right, leftAgain] = documents.map((document) => Number(document?.override?.n ?? 0));
            if (left === undefined || right === undefined) throw new Error("too few answers");
            expect(leftAgain).toBe(left);
            expect(left - right).toBeGreaterThanOrEqual(0);
            expect(left - right).toBeLessThanOrEqual(1);
            expect(left + right).toBeGreaterThanOrEqual(seen);
            seen = left + right;
            await new Promise((resolve) => setImmediate(resolve));
          }
        };
        await Promise.all([write(), watch(), watch()]);
      });
    });

    describe("keeping", () => {
      it("has everything after it was closed and opened again", async () => {
        await createTree();
        const keys = [documentKey("shop", "x"), documentKey(undefined, "x"), documentKey("shop", "gone")];
        for (const key of keys) await put(key, { of: key.configId });
        await put(documentKey("shop", "gone"), undefined);
        const before = [
          await storedDocuments(store, keys),
          await store.lineages(["branch"]),
          await store.rootId(),
        ];
        store = await opened.reopen();
        const after = [
          await storedDocuments(store, keys),
          await store.lineages(["branch"]),
          await store.rootId(),
        ];
        expect(after).toEqual(before);
        const sequence = (await put(documentKey("shop", "x"), {})).sequence;
        expect(sequence).toBe(8);
      });

      it(`gives back any JSON as it was (LAW_SEED=${SEED})`, async () => {
        const key = documentKey(undefined, "a-json");
        const law = fc.asyncProperty(fc.array(jsonObject, { minLength: 1, maxLength: 5 }), async (values) => {
          for (const value of values) await put(key, value);
          const document = await read(key);
          expect(equals(document?.override, values.at(-1))).toBe(true);
        });
        await fc.assert(law, { seed: SEED, numRuns: RUNS });
      });

      it("gives back a document at the limit of what one may hold", async () => {
        const big: JsonObject = {
          text: "ä€𝄞\n".repeat(20_000),
          list: Array.from({ length: 9_000 }, (_, n) => n),
        };
        await put(documentKey(undefined, "a-big"), big);
        expect(equals((await read(documentKey(undefined, "a-big")))?.override, big)).toBe(true);
        store = await opened.reopen();
        expect(equals((await read(documentKey(undefined, "a-big")))?.override, big)).toBe(true);
      });
    });

    describe("after it was closed", () => {
      it("answers STORE_UNAVAILABLE to every read and applies no commit", async () => {
        await createTree();
        await store.close();
        const unavailable = { name: "StrataError", code: "STORE_UNAVAILABLE" };
        await expect(store.lineages(["root"])).rejects.toMatchObject(unavailable);
        await expect(store.layers([documentKey(undefined, "x")], "all")).rejects.toMatchObject(unavailable);
        await expect(store.documents([documentKey(undefined, "x")])).rejects.toMatchObject(unavailable);
        await expect(store.versions(of([]))).rejects.toMatchObject(unavailable);
        await expect(store.rootId()).rejects.toMatchObject(unavailable);
        expect(await store.commit(documentCommit(documentKey(undefined, "a-x"), {}))).toMatchObject({
          outcome: "notApplied",
          cause: unavailable,
        });
        await store.close();
      });

      it("has finished what was under way when it was asked to close", async () => {
        const keys = Array.from({ length: 100 }, (_, n) => documentKey(undefined, `a-c${n}`));
        const running = keys.map((key) => store.commit(documentCommit(key, { key: key.configId })));
        await store.close();
        const outcomes = await Promise.all(running);
        store = await opened.reopen();
        const documents = await storedDocuments(store, keys);
        for (const [index, outcome] of outcomes.entries())
          expect(documents[index] !== undefined).toBe(outcome.outcome === "done");
        expect(outcomes.filter(({ outcome }) => outcome === "done")).toHaveLength(100);
      });
    });
  });
}

const trickyKey = fc.constantFrom(
  "",
  "0",
  "10",
  "9",
  "-1",
  "a/b",
  "~",
  "~0",
  "~1",
  "/",
  "é",
  "e\u0301",
  "名",
  "🜚",
  "\n",
  '"',
);
const text = fc
  .oneof(
    fc.string({ unit: "grapheme", maxLength: 20 }),
    fc.constantFrom("\n", "\u2028", "\\u0000", "null", "x".repeat(5_000)),
  )
  .filter((value) => !value.includes("\u0000"));
const jsonKey = fc
  .oneof(trickyKey, text)
  .filter((key) => !["__proto__", "constructor", "prototype"].includes(key));
const { object: jsonObject } = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter((n) => !Number.isInteger(n) || Number.isSafeInteger(n)),
    fc.integer(),
    text,
    fc.array(tie("value"), { maxLength: 5 }),
    tie("object"),
  ),
  object: fc.dictionary(jsonKey, tie("value"), { maxKeys: 8, noNullPrototype: true }),
}));
