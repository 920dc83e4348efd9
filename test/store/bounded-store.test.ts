import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { boundStaleness } from "../../src/store/bounded-store.js";
import { observeStore } from "../../src/store/observed-store.js";
import type { Commit, DocumentKey, Store, Version } from "../../src/store/store.js";
import { cases } from "../cases.js";
import { alteredStore } from "./altered-store.js";
import { accountCommit, documentCommit, documentKey, of, versionOf } from "./store-contract.js";
import { openTestStore } from "./test-store.js";

const BOUND_MS = 40;
const ROUNDS = cases(150);
const KEYS = ["a", "b", "c"].map((id) => documentKey(id, "x"));

interface Bounded {
  /** Where others write. */
  readonly direct: Store;
  readonly bounded: Store;
  /** How often versions were asked of the store itself. */
  readonly asked: () => number;
}

async function openBounded(calls: (store: Store) => Partial<Store> = () => ({})): Promise<Bounded> {
  let asked = 0;
  const direct = await openTestStore();
  const observed = observeStore(direct, ({ operation }) => {
    if (operation === "versions") asked++;
  });
  const options = { maxStalenessMs: BOUND_MS, entries: 100 };
  const bounded = boundStaleness(alteredStore(observed, calls(observed)), options);
  onTestFinished(() => bounded.close());
  await sleep(20);
  return { direct, bounded, asked: () => asked };
}

const put = async (store: Store, index: number): Promise<Version> => {
  const [key = documentKey("a", "x")] = KEYS.slice(index);
  return versionOf(await store.commit(documentCommit(key, { at: performance.now() })));
};

type State = readonly (Version | undefined)[];

test("answers are of one moment, never older than the bound, and never before what this process wrote", async () => {
  const { direct, bounded, asked } = await openBounded();
  /** Every state that the documents were in, and when the write that ended it was answered. */
  const states: { readonly versions: State; endedAt: number }[] = [
    { versions: KEYS.map(() => undefined), endedAt: Number.POSITIVE_INFINITY },
  ];
  const write = async (store: Store, index: number) => {
    const version = await put(store, index);
    const last = states.at(-1);
    if (last === undefined) throw new Error("no state");
    last.endedAt = performance.now();
    states.push({ versions: last.versions.with(index, version), endedAt: Number.POSITIVE_INFINITY });
  };
  let written = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const index = Math.floor(Math.random() * KEYS.length);
    if (round % 5 === 0) await write(direct, index);
    if (round % 31 === 0) {
      await write(bounded, index);
      written = states.length - 1;
    }
    const readAt = performance.now();
    const { documents } = await bounded.versions(of(KEYS));
    const seen = states.findIndex(({ versions }) => JSON.stringify(versions) === JSON.stringify(documents));
    expect(seen, "a state that there never was").toBeGreaterThanOrEqual(0);
    expect(seen, "a state from before an own write").toBeGreaterThanOrEqual(written);
    expect(states[seen]?.endedAt).toBeGreaterThanOrEqual(readAt - BOUND_MS);
    await sleep(round % 3);
  }
  expect(asked()).toBeGreaterThan(0);
  expect(asked()).toBeLessThan(ROUNDS);
});

test("what nobody changes is asked for once, and a change of it shows within the bound", async () => {
  const { direct, bounded, asked } = await openBounded();
  const version = await put(direct, 0);
  await sleep(2 * BOUND_MS);
  for (let n = 0; n < 20; n++) {
    expect((await bounded.versions(of(KEYS))).documents).toEqual([version, undefined, undefined]);
    await sleep(5);
  }
  expect(asked()).toBeLessThanOrEqual(2);
  const changed = await put(direct, 0);
  await sleep(2 * BOUND_MS);
  expect((await bounded.versions(of(KEYS))).documents[0]).toEqual(changed);
});

test.each([
  ["its layers", (store: Store, key: DocumentKey) => store.layers([key], "own")],
  ["the document alone", (store: Store, key: DocumentKey) => store.documents([key])],
])("what was seen once, by reading %s, is not seen older again", async (_, read) => {
  const { direct, bounded } = await openBounded();
  const key = documentKey(undefined, "x");
  for (let round = 0; round < 20; round++) {
    await bounded.versions(of([key]));
    const version = versionOf(await direct.commit(documentCommit(key, { round })));
    await read(bounded, key);
    expect((await bounded.versions(of([key]))).documents).toEqual([version]);
    await sleep(round);
  }
});

test("a lineage that was seen is not seen older again", async () => {
  const { direct, bounded } = await openBounded();
  await direct.commit(accountCommit("root", undefined));
  const accounts = { accounts: ["root"], documents: [] };
  for (let round = 0; round < 20; round++) {
    await bounded.versions(accounts);
    const commit = accountCommit("root", undefined);
    const write = { ...commit.write, kind: "UPDATE" } as Commit["write"];
    const version = versionOf(await direct.commit({ ...commit, write }));
    await bounded.lineages(["root"]);
    expect((await bounded.versions(accounts)).accounts).toEqual([version]);
    await sleep(round);
  }
});

test("what an account had goes with it, for whoever has the same id later", async () => {
  const { direct, bounded } = await openBounded();
  await direct.commit(accountCommit("root", undefined));
  await direct.commit(accountCommit("shop", "root"));
  const key = documentKey("shop", "x");
  const version = versionOf(await direct.commit(documentCommit(key, {})));
  await sleep(2 * BOUND_MS);
  for (let n = 0; n < 2; n++) expect((await bounded.versions(of([key]))).documents).toEqual([version]);
  const created = accountCommit("shop", "root");
  await direct.commit({
    ...accountCommit("shop", "root"),
    write: { ...created.write, kind: "DELETE" } as Commit["write"],
  });
  await direct.commit(created);
  await sleep(2 * BOUND_MS);
  expect((await bounded.versions(of([key]))).documents).toEqual([undefined]);
});

test("an answer that the feed has overtaken is not kept", async () => {
  let hold: Promise<void> | undefined;
  const { direct, bounded } = await openBounded((store) => ({
    async versions(wanted) {
      const answer = await store.versions(wanted);
      await hold;
      return answer;
    },
  }));
  let release = () => {};
  hold = new Promise((resolve) => {
    release = resolve;
  });
  const late = bounded.versions(of(KEYS));
  await sleep(5);
  const version = await put(direct, 0);
  await sleep(2 * BOUND_MS);
  hold = undefined;
  release();
  expect((await late).documents[0]).toBeUndefined();
  expect((await bounded.versions(of(KEYS))).documents[0]).toEqual(version);
});

test("what was read ahead of the feed is not mixed with what was not", async () => {
  const { direct, bounded } = await openBounded();
  const first = documentKey("a", "x");
  for (let round = 0; round < 10; round++) {
    const second = documentKey("b", `round${round}`);
    await bounded.versions(of([first]));
    await sleep(BOUND_MS);
    await bounded.versions(of([first]));
    const before = await put(direct, 0);
    const after = versionOf(await direct.commit(documentCommit(second, {})));
    expect((await bounded.versions(of([second]))).documents).toEqual([after]);
    const both = await bounded.versions(of([first, second]));
    expect(both.documents).toEqual([before, after]);
  }
});

test("while the feed cannot be read, every answer comes from the store", async () => {
  let isBroken = false;
  const { direct, bounded } = await openBounded((store) => ({
    changes: (after, limit) =>
      isBroken ? Promise.reject(new Error("no answer")) : store.changes(after, limit),
  }));
  await bounded.versions(of(KEYS));
  isBroken = true;
  await sleep(2 * BOUND_MS);
  for (let n = 0; n < 5; n++) {
    const version = await put(direct, 0);
    expect((await bounded.versions(of(KEYS))).documents[0]).toEqual(version);
  }
});

test("a commit whose outcome is unknown leaves nothing known", async () => {
  let isBroken = false;
  const { bounded, direct } = await openBounded((store) => ({
    async commit(commit) {
      const outcome = await store.commit(commit);
      return isBroken ? { outcome: "unknown", cause: new Error("the answer was lost") } : outcome;
    },
  }));
  await sleep(BOUND_MS);
  await bounded.versions(of(KEYS));
  isBroken = true;
  await bounded.commit(documentCommit(documentKey("a", "x"), { v: 1 }));
  const { documents } = await direct.versions(of(KEYS));
  expect((await bounded.versions(of(KEYS))).documents).toEqual(documents);
});
