import { expect, onTestFinished, test } from "vitest";
import { StoreTrial } from "../../src/store/store-trial.js";
import { accountCommit, documentCommit, documentKey, of, versionOf } from "./store-contract.js";
import { openTestStore } from "./test-store.js";

test("every way to read a document shows what was tried, and the other store keeps what it has", async () => {
  const store = await openTestStore();
  onTestFinished(() => store.close());
  await store.commit(accountCommit("root", undefined));
  for (const id of ["a", "b", "c"]) await store.commit(accountCommit(id, "root"));
  const [tried, reset, stored] = ["a", "b", "c"].map((id) => documentKey(id, "x"));
  if (tried === undefined || reset === undefined || stored === undefined) throw new Error("three keys");
  await store.commit(documentCommit(reset, { v: "stored" }));
  const kept = versionOf(await store.commit(documentCommit(stored, { v: "stored" })));
  const trial = new StoreTrial(store);
  const first = versionOf(await trial.commit(documentCommit(tried, { v: "tried" })));
  const second = versionOf(await trial.commit(documentCommit(reset, undefined)));

  const keys = [tried, reset, stored];
  const documents = await trial.documents(keys);
  expect(documents.map((each) => each?.override)).toEqual([{ v: "tried" }, undefined, { v: "stored" }]);
  expect((await trial.layers(keys, "own")).configs.map((each) => each?.documents[0])).toEqual(documents);
  expect((await trial.versions(of(keys))).documents).toEqual([first, second, kept]);
  const accounts = { accountId: "root", configId: "x", throughResellers: true, limit: 10 };
  expect((await trial.inheriting(accounts)).map(({ hasDocument }) => hasDocument)).toEqual([
    true,
    false,
    true,
  ]);
  expect((await store.documents(keys)).map((each) => each?.override)).toEqual([
    undefined,
    { v: "stored" },
    { v: "stored" },
  ]);
});
