import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type {
  AccountPath,
  Commit,
  CommitOutcome,
  InheritingAccount,
  QuietSince,
  Store,
} from "../../src/store/store.js";
import { cases, SEED } from "../cases.js";
import {
  accountCommit,
  accountDeletion,
  documentCommit,
  documentKey,
  type OpenedStore,
  versionOf,
} from "./store-contract.js";

const RUNS = cases(20);
const CONFIG = "x";
/** Ids of which one begins with another, or sorts otherwise as a number or in capitals. */
const IDS = ["a", "a.b", "a-b", "A", "b", "b_", "10", "9"];

interface Grown {
  readonly id: string;
  /** Counts among the root and the accounts before it. */
  readonly above: number;
  readonly isReseller: boolean;
  readonly document: "kept" | "removed" | "of another config" | "none";
}

const trees: fc.Arbitrary<Grown[]> = fc
  .tuple(
    fc.shuffledSubarray(IDS, { minLength: 1 }),
    fc.array(
      fc.record({
        above: fc.nat(),
        isReseller: fc.boolean(),
        document: fc.constantFrom("kept", "removed", "of another config", "none"),
      }),
      { minLength: IDS.length, maxLength: IDS.length },
    ),
  )
  .map(([ids, facts]) => ids.map((id, index): Grown => ({ id, ...(facts[index] as Omit<Grown, "id">) })));

const parentOf = (tree: readonly Grown[], index: number): string => {
  const place = (tree[index]?.above ?? 0) % (index + 1);
  return place === 0 ? "root" : (tree[place - 1]?.id ?? "root");
};

function accountWrite(kind: "CREATE" | "UPDATE", id: string, parentId: string, isReseller: boolean): Commit {
  const commit = accountCommit(id, parentId);
  const { createdAt } = (commit.write as { account: { createdAt: string } }).account;
  return {
    ...commit,
    write: { on: "account", kind, account: { id, name: id, parentId, isReseller, createdAt } },
  };
}

async function grow(store: Store, tree: readonly Grown[]): Promise<void> {
  versionOf(await store.commit(accountCommit("root", undefined)));
  for (const [index, { id, isReseller, document }] of tree.entries()) {
    versionOf(await store.commit(accountWrite("CREATE", id, parentOf(tree, index), isReseller)));
    if (document === "none") continue;
    const key = documentKey(id, document === "of another config" ? "y" : CONFIG);
    versionOf(await store.commit(documentCommit(key, { id })));
    if (document === "removed") versionOf(await store.commit(documentCommit(key, undefined)));
  }
}

/** The tree as the port promises to list it, in as few words as possible. */
function listed(tree: readonly Grown[], accountId: string, throughResellers: boolean): InheritingAccount[] {
  const below = (parent: string, path: AccountPath): InheritingAccount[] =>
    tree
      .filter((_, index) => parentOf(tree, index) === parent)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .flatMap(({ id, isReseller, document }) => [
        { path: [...path, id], isReseller, hasDocument: document === "kept" },
        ...(throughResellers || !isReseller ? below(id, [...path, id]) : []),
      ]);
  return below(accountId, []);
}

/** What the port promises to those who look at everybody that a write reaches. Each adapter runs all of it. */
export function describeInheritingContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name} tells who inherits, and whether that is still so (LAW_SEED=${SEED})`, () => {
    const using = async (use: (store: Store) => Promise<void>): Promise<void> => {
      const opened = await open();
      try {
        await use(opened.store);
      } finally {
        await opened.close();
      }
    };

    it("lists those below an account, with who has a document, page by page in the order of the tree", async () => {
      const asked = fc.record({ throughResellers: fc.boolean(), limit: fc.constantFrom(1, 2, 3, 100) });
      await fc.assert(
        fc.asyncProperty(trees, asked, (tree, { throughResellers, limit }) =>
          using(async (store) => {
            await grow(store, tree);
            for (const accountId of ["root", ...tree.map(({ id }) => id)]) {
              const of = { accountId, configId: CONFIG, throughResellers, limit };
              const expected = listed(tree, accountId, throughResellers);
              const found: InheritingAccount[] = [];
              for (let pages = 0; pages <= expected.length; pages++) {
                const after = found.at(-1)?.path;
                const page = await store.inheriting({ ...of, ...(after && { after }) });
                found.push(...page);
                if (page.length < limit) break;
              }
              expect(found).toEqual(expected);
            }
          }),
        ),
        { numRuns: RUNS, seed: SEED },
      );
    });

    it("lists an account that has just come below one that had none below it", () =>
      using(async (store) => {
        await store.commit(accountCommit("root", undefined));
        await store.commit(accountCommit("shop", "root"));
        const of = { accountId: "root", configId: CONFIG, throughResellers: true, limit: 100 };
        const paths = async () => (await store.inheriting(of)).map(({ path }) => path.join("/"));
        expect(await paths()).toEqual(["shop"]);
        await store.commit(accountCommit("branch", "shop"));
        expect(await paths()).toEqual(["shop", "shop/branch"]);
      }));

    it("goes on behind a place that has gone or never was, and lists nobody below an account that is not there", () =>
      using(async (store) => {
        versionOf(await store.commit(accountCommit("root", undefined)));
        for (const [id, parent] of [
          ["a", "root"],
          ["x", "a"],
          ["y", "a"],
          ["z", "y"],
          ["b", "root"],
        ] as const)
          versionOf(await store.commit(accountWrite("CREATE", id, parent, id === "y")));
        const pathsFrom = async (accountId: string, after?: AccountPath, limit = 10) => {
          const of = { accountId, configId: CONFIG, throughResellers: false, limit };
          const found = await store.inheriting({ ...of, ...(after && { after }) });
          return found.map(({ path }) => path.join("/"));
        };
        expect(await pathsFrom("root")).toEqual(["a", "a/x", "a/y", "b"]);
        expect(await pathsFrom("root", ["a", "xx"])).toEqual(["a/y", "b"]);
        expect(await pathsFrom("root", ["a", "xx", "deeper"])).toEqual(["a/y", "b"]);
        // What is below another reseller does not belong to them, whatever the place says.
        expect(await pathsFrom("root", ["a", "y"])).toEqual(["b"]);
        expect(await pathsFrom("root", ["zz"])).toEqual([]);
        // That account is no other reseller: it is the one that is asked about.
        expect(await pathsFrom("y")).toEqual(["z"]);
        expect(await pathsFrom("root", undefined, 0)).toEqual([]);
        expect(await pathsFrom("nobody")).toEqual([]);
        versionOf(await store.commit(accountDeletion("x", "a")));
        expect(await pathsFrom("root", ["a", "x"])).toEqual(["a/y", "b"]);
      }));

    const own = documentKey("a", CONFIG);
    const disturbances: readonly (readonly [string, () => Commit, boolean])[] = [
      ["a document of the config", () => documentCommit(documentKey("b", CONFIG), { v: 1 }), false],
      [
        "the system's document of the config",
        () => documentCommit(documentKey(undefined, CONFIG), { v: 1 }),
        false,
      ],
      [
        "a document of the config that goes",
        () => documentCommit(documentKey("c", CONFIG), undefined),
        false,
      ],
      ["an account that comes", () => accountWrite("CREATE", "new", "b", false), false],
      ["an account that moves", () => accountWrite("UPDATE", "c", "a", false), false],
      ["an account that becomes a reseller", () => accountWrite("UPDATE", "c", "b", true), false],
      ["an account that goes", () => accountDeletion("d", "b"), false],
      ["a document of another config", () => documentCommit(documentKey("b", "xy"), { v: 1 }), true],
      [
        "the system's document of another config",
        () => documentCommit(documentKey(undefined, "y"), { x: CONFIG }),
        true,
      ],
    ];

    it.each(disturbances)(
      "a commit that expects quiet, after %s: is applied or not, as promised",
      (_, disturb, isQuiet) =>
        using(async (store) => {
          versionOf(await store.commit(accountCommit("root", undefined)));
          for (const [id, parent] of [
            ["a", "root"],
            ["b", "root"],
            ["c", "b"],
            ["d", "b"],
          ] as const)
            versionOf(await store.commit(accountWrite("CREATE", id, parent, false)));
          const { sequence } = versionOf(
            await store.commit(documentCommit(documentKey("c", CONFIG), { v: 1 })),
          );
          const writing = (quietSince: QuietSince): Promise<CommitOutcome> =>
            store.commit(documentCommit(own, { v: 2 }, { quietSince }));
          const disturbed = versionOf(await store.commit(disturb())).sequence;
          const history = async () =>
            (await store.history({ key: own, limit: 9, bytes: 9_999 })).revisions.length;
          if (!isQuiet) {
            expect(await writing({ sequence, configId: CONFIG })).toMatchObject({ outcome: "conflict" });
            expect(await history()).toBe(0);
            expect((await store.changes(0, 1)).sequence).toBe(disturbed);
          }
          const since = isQuiet ? sequence : disturbed;
          expect(await writing({ sequence: since, configId: CONFIG })).toMatchObject({ outcome: "done" });
          expect(await history()).toBe(1);
        }),
    );

    it("of many that expect the same quiet at the same time one is applied", () =>
      using(async (store) => {
        const { sequence } = versionOf(await store.commit(accountCommit("root", undefined)));
        const quietSince = { sequence, configId: CONFIG };
        const keys = [undefined, "root"].flatMap((id) =>
          Array.from({ length: 8 }, () => documentKey(id, CONFIG)),
        );
        const outcomes = await Promise.all(
          keys.map((key, n) => store.commit(documentCommit(key, { n }, { quietSince }))),
        );
        expect(outcomes.filter(({ outcome }) => outcome === "done")).toHaveLength(1);
        expect(outcomes.filter(({ outcome }) => outcome === "conflict")).toHaveLength(15);
        expect((await store.changes(0, 10)).sequence).toBe(sequence + 1);
      }));
  });
}
