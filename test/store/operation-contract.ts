import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { Commit, CommitOutcome, Store } from "../../src/store/store.js";
import { accountCommit, documentCommit, documentKey, versionOf } from "./store-contract.js";

export interface OperationLimits {
  readonly namedOperations: number;
  readonly operationLifeMs: { readonly own: number; readonly named: number };
}

const HOUR = 3_600_000;
const key = documentKey(undefined, "x");

function named(commit: Commit, id: string, memo = `{"memo":"${id}"}`): Commit {
  return { ...commit, operation: { id, digest: "digest", memo } };
}

/** What the store promises of operations that callers named. */
export function describeOperationContract(
  name: string,
  open: (limits: OperationLimits) => Promise<Store>,
): void {
  describe(`${name} remembers operations that callers named`, () => {
    let store: Store | undefined;
    const opened = async (namedOperations: number, lifeMs = HOUR): Promise<Store> => {
      store = await open({ namedOperations, operationLifeMs: { own: lifeMs, named: lifeMs } });
      return store;
    };
    afterEach(() => store?.close());

    it("and tells what they made before and after a commit is sent again", async () => {
      const store = await opened(10);
      expect(await store.operation("one")).toBeUndefined();
      const first = named(documentCommit(key, { v: 1 }), "one");
      const version = versionOf(await store.commit(first));
      const [memo, at] = ['{"memo":"one"}', first.at];
      expect(await store.operation("one")).toEqual({ digest: "digest", version, at, memo });
      const again = named(documentCommit(key, { v: 2 }), "one", "another memo");
      expect(await store.commit(again)).toEqual({ outcome: "done", replayed: true, version, at, memo });
      expect((await store.versions({ accounts: [], documents: [key] })).documents).toEqual([version]);
    });

    it("apart from those of the service's own", async () => {
      const store = await opened(10);
      versionOf(await store.commit(named(documentCommit(key, { v: 1 }), "one")));
      const own = { ...documentCommit(key, { v: 2 }), operation: { id: "one", digest: "other" } };
      expect(await store.commit(own)).toMatchObject({ outcome: "done", replayed: false });
      expect(await store.commit(own)).toMatchObject({ outcome: "done", replayed: true });
      expect(await store.operation("one")).toMatchObject({ digest: "digest" });
    });

    it("once, however often they are sent at once", async () => {
      const store = await opened(10);
      const commits = Array.from({ length: 20 }, (_, v) => named(documentCommit(key, { v }), "one", `${v}`));
      const outcomes = await Promise.all(commits.map((commit) => store.commit(commit)));
      const remembered = await store.operation("one");
      expect(outcomes.map(versionOf)).toEqual(outcomes.map(() => remembered?.version));
      const isFirst = (outcome: CommitOutcome) => outcome.outcome === "done" && !outcome.replayed;
      expect(outcomes.filter(isFirst)).toHaveLength(1);
      expect(outcomes.findIndex(isFirst)).toBe(Number(remembered?.memo));
    });

    it("and not those that were refused", async () => {
      const store = await opened(10);
      const lost = named(documentCommit(key, { v: 1 }, { noRoot: true }), "one");
      versionOf(await store.commit(accountCommit("root", undefined)));
      expect(await store.commit(lost)).toMatchObject({ outcome: "conflict" });
      expect(await store.operation("one")).toBeUndefined();
      versionOf(await store.commit(named(documentCommit(key, { v: 1 }), "one")));
      const other = { ...lost, operation: { id: "one", digest: "other", memo: "" } };
      expect(await store.commit(other)).toEqual({ outcome: "operationReused" });
    });

    it("only so many at a time, and never forgets one early for a new one", async () => {
      const store = await opened(3);
      for (const id of ["one", "two", "three"])
        versionOf(await store.commit(named(documentCommit(key, { id }), id)));
      const refused = await store.commit(named(documentCommit(key, { v: 4 }), "four"));
      expect(refused).toEqual({ outcome: "operationsFull", retryAfter: expect.any(Number) });
      expect(refused.outcome === "operationsFull" && refused.retryAfter).toBeGreaterThan(3_500);
      expect(await store.commit(named(documentCommit(key, { id: "one" }), "one"))).toMatchObject({
        replayed: true,
      });
      expect(await store.commit(documentCommit(key, { v: 5 }))).toMatchObject({ outcome: "done" });
    });

    it("as long as they live, and has room for others afterwards", async () => {
      const store = await opened(2, 400);
      const first = named(documentCommit(key, { v: 1 }), "one");
      versionOf(await store.commit(first));
      versionOf(await store.commit(named(documentCommit(key, { v: 2 }), "two")));
      expect(await store.commit(named(documentCommit(key, { v: 3 }), "three"))).toEqual({
        outcome: "operationsFull",
        retryAfter: 1,
      });
      await pause(450);
      expect(await store.operation("one")).toBeUndefined();
      expect(await store.commit(first)).toMatchObject({ outcome: "done", replayed: false });
      expect(await store.commit(first)).toMatchObject({ outcome: "done", replayed: true });
      expect(await store.commit(named(documentCommit(key, { v: 3 }), "three"))).toMatchObject({
        outcome: "done",
      });
      expect(await store.commit(named(documentCommit(key, { v: 4 }), "four"))).toMatchObject({
        outcome: "operationsFull",
      });
    });
  });
}
