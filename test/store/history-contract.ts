import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Commit, DocumentKey, DocumentRevision, Store, Version } from "../../src/store/store.js";
import { cases, SEED } from "../cases.js";
import {
  accountCommit,
  accountDeletion,
  documentCommit,
  documentKey,
  type OpenedStore,
  versionOf,
} from "./store-contract.js";

/** How much of a history the store to test keeps. */
interface Kept {
  readonly historyRevisions?: number;
  readonly historyBytes?: number;
}

const KEY = documentKey("root", "x");
const ALL = { limit: 10_000, bytes: 2 ** 30 };
const RUNS = cases(20);
const LIVES = cases(8);

/** What the port promises of the history of documents. Each adapter runs all of it. */
export function describeHistoryContract(name: string, open: (kept?: Kept) => Promise<OpenedStore>): void {
  describe(`${name} keeps the history of documents (LAW_SEED=${SEED})`, () => {
    const using = async (use: (opened: OpenedStore) => Promise<void>, kept: Kept = {}) => {
      const opened = await open(kept);
      try {
        versionOf(await opened.store.commit(accountCommit("root", undefined)));
        await use(opened);
      } finally {
        await opened.close();
      }
    };

    it("with all that is known of each commit, newest first, page by page", () =>
      using(async ({ store, reopen }) => {
        await write(store, { v: 1 }, { note: 'why "so"', schema: "digest", by: "ada" });
        await write(store, undefined);
        const version = await write(store, { v: 1 }, {}, { kind: "RESTORE", restoredFrom: 1 });
        const { revisions, oldest } = await (await reopen()).history({ key: KEY, ...ALL });
        expect(oldest).toBe(1);
        expect(revisions).toMatchObject([
          { version, kind: "RESTORE", restoredFrom: 1, override: { v: 1 } },
          { version: { revision: 2 }, kind: "RESET", override: undefined },
          {
            version: { revision: 1 },
            kind: "SET",
            by: "ada",
            note: 'why "so"',
            schema: "digest",
            override: { v: 1 },
          },
        ]);
      }));

    it("and tells nothing of a document that nobody wrote, or whose account is gone", () =>
      using(async ({ store }) => {
        expect(await store.history({ key: KEY, ...ALL })).toEqual({ revisions: [], oldest: undefined });
        versionOf(await store.commit(accountCommit("below", "root")));
        const below = documentKey("below", "x");
        versionOf(
          await store.commit({ ...documentCommit(below, { v: 1 }), write: blamed(below, { v: 1 }, "first") }),
        );
        versionOf(await store.commit(accountDeletion("below", "root")));
        expect(await store.history({ key: below, ...ALL })).toEqual({ revisions: [], oldest: undefined });
        versionOf(await store.commit(accountCommit("below", "root")));
        const again = versionOf(await store.commit(documentCommit(below, { v: 2 })));
        expect((await store.history({ key: below, ...ALL })).revisions).toMatchObject([{ version: again }]);
        expect((await stored(store, below))?.blame).toBeUndefined();
      }));

    it("of each life of an account alone, however many accounts had its id, and however long their histories were", async () => {
      const step = fc.oneof(
        {
          weight: 4,
          arbitrary: fc.record({ config: fc.constantFrom("x", "y"), writes: fc.integer({ min: 1, max: 9 }) }),
        },
        { weight: 2, arbitrary: fc.constant("new life" as const) },
        { weight: 1, arbitrary: fc.constant("reopen" as const) },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), (steps) =>
          using(async ({ store: first, reopen }) => {
            let store = first;
            const lives: Record<string, number> = {};
            versionOf(await store.commit(accountCommit("below", "root")));
            for (const each of steps) {
              if (each === "reopen") store = await reopen();
              else if (each === "new life") {
                versionOf(await store.commit(accountDeletion("below", "root")));
                versionOf(await store.commit(accountCommit("below", "root")));
                for (const config of Object.keys(lives)) lives[config] = 0;
              } else
                for (let left = each.writes; left > 0; left--) {
                  const v = (lives[each.config] ?? 0) + 1;
                  lives[each.config] = v;
                  versionOf(await store.commit(documentCommit(documentKey("below", each.config), { v })));
                }
              for (const [config, count] of Object.entries(lives)) {
                const { revisions, oldest } = await store.history({
                  key: documentKey("below", config),
                  ...ALL,
                });
                expect(revisions.map(({ version }) => version.revision)).toEqual(
                  Array.from({ length: count }, (_, index) => count - index),
                );
                expect(oldest).toBe(count === 0 ? undefined : 1);
              }
            }
          }),
        ),
        { numRuns: LIVES, seed: SEED },
      );
    });

    it("by pages that go on below a revision, bounded in number and in bytes, never empty for their size", () =>
      using(async ({ store }) => {
        for (let v = 1; v <= 7; v++) await write(store, { v, text: "x".repeat(100) });
        const page = async (before: number | undefined, limit: number, bytes: number) =>
          (await store.history({ key: KEY, ...(before && { before }), limit, bytes })).revisions.map(
            ({ version }) => version.revision,
          );
        expect(await page(undefined, 3, 2 ** 20)).toEqual([7, 6, 5]);
        expect(await page(5, 3, 2 ** 20)).toEqual([4, 3, 2]);
        expect(await page(2, 3, 2 ** 20)).toEqual([1]);
        expect(await page(1, 3, 2 ** 20)).toEqual([]);
        expect(await page(100, 1, 2 ** 20)).toEqual([7]);
        expect(await page(undefined, 10, 1)).toEqual([7]);
        expect(await page(undefined, 10, 500)).toHaveLength(2);
      }));

    it("and of the newest revisions as many as it is to keep, in number and in bytes, the newest whatever its size", async () => {
      const kept = { historyRevisions: 5, historyBytes: 2_000 };
      const size = fc.integer({ min: 1, max: 3_000 });
      await fc.assert(
        fc.asyncProperty(fc.array(size, { minLength: 1, maxLength: 15 }), (sizes) =>
          using(async ({ store, reopen }) => {
            const written: DocumentRevision["override"][] = [];
            for (const each of sizes) {
              written.push({ text: "x".repeat(each) });
              await write(store, written.at(-1));
            }
            const { revisions, oldest } = await (await reopen()).history({ key: KEY, ...ALL });
            const documents = written.toReversed();
            expect(revisions.map(({ override }) => override)).toEqual(documents.slice(0, revisions.length));
            expect(oldest).toBe(sizes.length - revisions.length + 1);
            expect(revisions.length).toBeLessThanOrEqual(5);
            const bytes = (count: number) => sizes.slice(-count).reduce((sum, each) => sum + each, 0);
            if (revisions.length > 1) expect(bytes(revisions.length)).toBeLessThan(2_000);
            const more = Math.min(revisions.length + 1, sizes.length);
            // A record has some 150 bytes beside its document.
            if (more <= 5 && more > revisions.length) expect(bytes(more) + more * 160).toBeGreaterThan(2_000);
          }, kept),
        ),
        { numRuns: RUNS, seed: SEED },
      );
    });

    it("and takes away what a lowered setting no longer keeps bit by bit, whether it is known how much there is or not", () =>
      using(async ({ store, reopen }) => {
        for (let v = 1; v <= 350; v++) await write(store, { v });
        const kept = async (opened: Store) => (await opened.history({ key: KEY, ...ALL })).revisions.length;
        const lowered = await reopen({ historyRevisions: 3 });
        await write(lowered, { v: 0 });
        expect(await kept(lowered)).toBe(251);
        for (const left of [152, 53, 3, 3]) {
          await write(lowered, { v: left });
          expect(await kept(lowered)).toBe(left);
        }
        expect((await lowered.history({ key: KEY, ...ALL })).oldest).toBe(353);
      }));

    it("and gives the blame that a commit brought back with its document, and says of which version it is", () =>
      using(async ({ store, reopen }) => {
        const first = versionOf(
          await store.commit({ ...documentCommit(KEY, { v: 1 }), write: blamed(KEY, { v: 1 }, "one") }),
        );
        expect((await stored(store, KEY))?.blame).toEqual({ version: first, text: "one" });
        const [inherited] = (await store.layers([KEY], "all")).configs;
        expect(inherited?.documents[0]?.blame).toBeUndefined();
        await write(store, { v: 2 });
        expect((await stored(await reopen(), KEY))?.blame).toBeUndefined();
      }));
  });
}

async function write(
  store: Store,
  override: DocumentRevision["override"],
  origin: Partial<Commit> = {},
  how: object = {},
): Promise<Version> {
  const commit = documentCommit(KEY, override);
  const write = { ...commit.write, ...how } as Commit["write"];
  return versionOf(await store.commit({ ...commit, ...origin, write }));
}

function blamed(key: DocumentKey, override: DocumentRevision["override"], blame: string): Commit["write"] {
  return { on: "document", key, override, kind: "SET", blame };
}

async function stored(store: Store, key: DocumentKey) {
  for (const bodies of ["blame", "write"] as const) {
    const [config] = (await store.layers([key], bodies)).configs;
    if (bodies === "write") return config?.documents[0];
  }
  return undefined;
}
