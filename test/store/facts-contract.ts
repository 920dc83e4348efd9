import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cases, SEED } from "../cases.js";
import { FactsModel, factSteps } from "./facts-model.js";
import { accountCommit, documentCommit, documentKey, type OpenedStore, versionOf } from "./store-contract.js";
import { storedDocuments } from "./stored-documents.js";

const RUNS = cases(25);

/** What the port promises to know of the past, and of who has a document of what. Each adapter runs all of it. */
export function describeFactsContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name} keeps facts that nobody can recover later (LAW_SEED=${SEED})`, () => {
    const using = async (use: (opened: OpenedStore) => Promise<void>) => {
      const opened = await open();
      try {
        await use(opened);
      } finally {
        await opened.close();
      }
    };

    it("of every config its owners and its last commit, of every account all of its records, whatever is done", async () => {
      await fc.assert(
        fc.asyncProperty(factSteps(60), (steps) =>
          using(async ({ store, reopen }) => {
            const model = new FactsModel();
            await model.live(store, steps);
            await model.expectIn(store);
            await model.expectIn(await reopen());
          }),
        ),
        { numRuns: RUNS, seed: SEED },
      );
    });

    it("with each commit the schemas that it was decided under, and its note, in the feed as well", () =>
      using(async ({ store }) => {
        const facts = { schema: "digest", note: 'why "so"' };
        versionOf(await store.commit({ ...accountCommit("root", undefined), ...facts }));
        versionOf(await store.commit({ ...documentCommit(documentKey("root", "x"), { v: 1 }), ...facts }));
        versionOf(await store.commit(documentCommit(documentKey("root", "x"), undefined)));
        const { changes = [] } = await store.changes(0, 10);
        expect(changes.map(({ schema, note }) => ({ schema, note }))).toEqual([
          facts,
          facts,
          { schema: undefined, note: undefined },
        ]);
        expect(await store.accountHistory("root", 0, 10)).toMatchObject([facts]);
        expect((await storedDocuments(store, [documentKey("root", "x")]))[0]).not.toHaveProperty("note");
      }));

    it("nothing of a commit that was refused, and once of one that is sent again", () =>
      using(async ({ store }) => {
        const creation = accountCommit("root", undefined);
        const version = versionOf(await store.commit(creation));
        versionOf(await store.commit(creation));
        await store.commit(accountCommit("other", undefined));
        const document = documentKey("root", "x");
        const expected = { documents: [{ key: document, version }] };
        await store.commit(documentCommit(document, {}, expected));
        expect(await store.accountHistory("root", 0, 10)).toHaveLength(1);
        expect(await store.accountHistory("other", 0, 10)).toEqual([]);
        expect(await store.documentOwners({ configId: "x", limit: 10 })).toEqual({
          accountIds: [],
          lastSequence: 0,
        });
      }));
  });
}
