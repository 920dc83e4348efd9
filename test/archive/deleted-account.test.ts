import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type ExportedItem, headerLine, itemLine } from "../../src/archive/export-format.js";
import { mergeExport } from "../../src/archive/merge-export.js";
import { verifyExport } from "../../src/archive/verified-export.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import type { Store } from "../../src/store/store.js";
import { alteredStore } from "../store/altered-store.js";
import { account, write } from "../store/archive-contract.js";
import { accountCommit, documentKey, of, versionOf } from "../store/store-contract.js";
import { storedDocuments } from "../store/stored-documents.js";
import { temporaryFolder } from "../temporary-folder.js";
import { importInto, refusal, signed, verify, withExport } from "./archive-fixture.js";

const at = (sequence: number, revision = 1) => ({ revision, sequence, nonce: `n${sequence}` });
const x = documentKey("branch", "x");
const y = documentKey("branch", "y");
const deletion: ExportedItem = { on: "deletion", accountId: "branch", version: at(8, 2) };

/** `branch` had two documents, was deleted while the export ran, and came again with one of them. */
const LINES = [
  headerLine({ incarnation: "one", from: 7, at: "2026-03-01T10:00:00.000Z" }),
  ...[
    account("root", undefined, 1),
    account("shop", "root", 2),
    account("branch", "shop", 3),
    write(documentKey("shop", "x"), at(4), '{"kept":1}'),
    write(x, at(5), '{"old":1}'),
    write(x, at(6, 2), '{"old":2}'),
    write(y, at(7), '{"old":3}'),
    deletion,
    account("branch", "root", 9),
    write(x, at(10), '{"new":1}'),
  ].map((item) => itemLine(item as ExportedItem)),
];
const FILE = signed(LINES, 10, LINES.length, 5);

async function opened(folder = join(temporaryFolder(), "store")): Promise<Store> {
  const store = await openLmdbStore({ folder });
  onTestFinished(() => store.close());
  return store;
}

const overridesIn = async (store: Store) =>
  (await storedDocuments(store, [x, y])).map((document) => document?.override);

test("an account that was deleted and came again is imported as it came again", async () => {
  const folder = join(temporaryFolder(), "store");
  expect(await verify(FILE)).toMatchObject({ accounts: 3, documents: 2, writes: 2 });
  await importInto(folder, FILE);
  const store = await opened(folder);
  expect(await overridesIn(store)).toEqual([{ new: 1 }, undefined]);
  expect((await store.versions(of([x, y]))).documents).toEqual([at(10), undefined]);
  const { lineages } = await store.lineages(["branch"]);
  expect(lineages[0]?.map(({ id }) => id)).toEqual(["branch", "root"]);
  const { paths, counts } = await store.descendants({ accountId: "root", limit: 10 });
  expect([paths, counts]).toEqual([[["branch"], ["shop"]], [2]]);
});

test("and merged as it came again", async () => {
  const store = await opened();
  await withExport(FILE, async (file) => {
    const verified = await verifyExport(file, () => {});
    const summary = await mergeExport(file, verified, { store, now: () => new Date() });
    expect(summary).toEqual({ accounts: 3, documents: 2 });
  });
  expect(await overridesIn(store)).toEqual([{ new: 1 }, undefined]);
});

test("an account that was deleted for good is not imported, nor is anything of it", async () => {
  const folder = join(temporaryFolder(), "store");
  await importInto(folder, signed(LINES.slice(0, 9), 8, 9, 5));
  const store = await opened(folder);
  expect(await overridesIn(store)).toEqual([undefined, undefined]);
  expect((await store.lineages(["branch"])).lineages).toEqual([undefined]);
});

test("what hangs below an account that was deleted is damage", async () => {
  const below = itemLine(account("leaf", "branch", 9) as ExportedItem);
  await expect(verify(signed([...LINES.slice(0, 9), below], 9))).rejects.toEqual(refusal("line 10:", /leaf/));
});

test("a merge writes nothing into an account that is deleted under it", async () => {
  const store = await opened();
  versionOf(await store.commit(accountCommit("root", undefined)));
  versionOf(await store.commit(accountCommit("branch", "root")));
  const onto = alteredStore(store, {
    layers: async (keys, bodies) => {
      const found = await store.layers(keys, bodies);
      // Between the merge's look at the document and its write.
      const gone = accountCommit("branch", "root");
      if (gone.write.on === "account") Object.assign(gone.write, { kind: "DELETE" });
      if (keys.some(({ accountId }) => accountId === "branch")) await store.commit(gone);
      return found;
    },
  });
  await withExport(FILE, async (file) => {
    const verified = await verifyExport(file, () => {});
    await mergeExport(file, verified, { store: onto, now: () => new Date() });
  });
  expect((await store.lineages(["branch"])).lineages).toEqual([undefined]);
  expect(await overridesIn(store)).toEqual([undefined, undefined]);
  const documents = await storedDocuments(store, [documentKey("shop", "x")]);
  expect(documents[0]?.override).toEqual({ kept: 1 });
});
