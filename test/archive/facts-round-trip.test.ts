import { randomUUID } from "node:crypto";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { importStore } from "../../src/archive/import-store.js";
import { verifyExport } from "../../src/archive/verified-export.js";
import type { ArchiveSource, ArchiveTarget } from "../../src/store/archive.js";
import { openLmdbArchiveSource } from "../../src/store/lmdb/lmdb-archive-source.js";
import { openLmdbArchiveTarget } from "../../src/store/lmdb/lmdb-archive-target.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { openRedisArchiveSource } from "../../src/store/redis/redis-archive-source.js";
import { openRedisArchiveTarget } from "../../src/store/redis/redis-archive-target.js";
import { openRedisStore } from "../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import type { Store } from "../../src/store/store.js";
import { cases, SEED } from "../cases.js";
import { sharedRedisUrl } from "../redis/run-redis.js";
import { FactsModel, factSteps } from "../store/facts-model.js";
import { FAST_DISK } from "../store/test-store.js";
import { temporaryFolder } from "../temporary-folder.js";
import { exportFrom, importInto, itemLines, signed, withExport } from "./archive-fixture.js";

interface Place {
  store(): Promise<Store>;
  source(): Promise<ArchiveSource>;
  target(): Promise<ArchiveTarget>;
}

function inLmdb(): Place {
  const options = { folder: join(temporaryFolder(FAST_DISK), "store") };
  return {
    store: () => openLmdbStore(options),
    source: () => openLmdbArchiveSource(options),
    target: () => openLmdbArchiveTarget(options),
  };
}

function inRedis(): Place {
  const options = { target: parseRedisUrl(sharedRedisUrl()), cell: randomUUID() };
  return {
    store: () => openRedisStore(options),
    source: () => openRedisArchiveSource(options),
    target: () => openRedisArchiveTarget(options),
  };
}

async function using<T extends { close(): Promise<void> }, R>(
  opening: Promise<T>,
  use: (opened: T) => Promise<R>,
): Promise<R> {
  const opened = await opening;
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

const exported = (place: Place): Promise<Buffer> =>
  using(place.source(), async (source) => (await exportFrom(source)).bytes);

const imported = (place: Place, bytes: Buffer) =>
  withExport(bytes, async (file) => {
    const verified = await verifyExport(file, () => {});
    return using(place.target(), (target) => importStore(file, verified, target, { replace: false }));
  });

const KINDS = { LMDB: inLmdb, Redis: inRedis };

describe(`what a store knows beside accounts and documents (LAW_SEED=${SEED})`, () => {
  test.each([
    ["LMDB", "Redis"],
    ["Redis", "LMDB"],
  ] as const)("goes with an export from %s into %s, and the life goes on from there", async (from, to) => {
    await fc.assert(
      fc.asyncProperty(factSteps(50), factSteps(10), async (steps, more) => {
        const [first, second] = [KINDS[from](), KINDS[to]()];
        const model = new FactsModel();
        const lastDeletion = await using(first.store(), async (store) => {
          await model.live(store, steps);
          return (await store.lineages([])).lastDeletion;
        });
        const bytes = await exported(first);
        await imported(second, bytes);
        await using(second.store(), async (store) => {
          expect((await store.lineages([])).lastDeletion).toBe(lastDeletion);
          expect(
            (await store.lineages([...model.accounts.keys()])).lineages.map((lineage) => lineage?.[0]),
          ).toStrictEqual([...model.accounts.values()]);
          await model.expectIn(store);
        });
        expect(itemLines(await exported(second)).sort()).toEqual(itemLines(bytes).sort());
        await using(second.store(), async (store) => {
          await model.live(store, more);
          await model.expectIn(store);
        });
      }),
      { seed: SEED, numRuns: cases(15) },
    );
  });
});

test("an export of format 1 is imported; what it does not tell is unknown", async () => {
  const version = (revision: number, sequence: number) => ({ revision, sequence, nonce: `n${sequence}` });
  const account = (id: string, parentId: string | undefined, made: ReturnType<typeof version>) => ({
    account: {
      id,
      name: id,
      parentId,
      isReseller: false,
      createdAt: "2026-03-01T10:00:00.000Z",
      version: made,
    },
  });
  const write = (accountId: string | undefined, made: ReturnType<typeof version>, override?: object) => ({
    write: {
      accountId,
      configId: "x",
      version: made,
      kind: override ? "SET" : "RESET",
      at: "2026-03-01T10:00:00.000Z",
      by: "ada",
      override,
    },
  });
  const lines = [
    { strata: "export", format: 1, incarnation: "one", from: 7, at: "2026-03-01T10:00:00.000Z" },
    account("root", undefined, version(1, 1)),
    account("shop", "root", version(2, 3)),
    account("gone", "root", version(1, 4)),
    write("root", version(1, 5), { v: 1 }),
    write("shop", version(1, 6), { v: 1 }),
    write("shop", version(2, 7)),
    account("shop", "root", version(3, 8)),
    { deletion: { accountId: "gone", version: version(2, 9) } },
  ].map((line) => JSON.stringify(line));
  const file = signed(lines, 9).replace('"dropped":0', '"dropped":2');
  const folder = join(temporaryFolder(), "store");
  const body = file.slice(0, file.lastIndexOf('"sha256":"') + 10);
  const { createHash } = await import("node:crypto");
  await importInto(folder, `${body}${createHash("sha256").update(body).digest("hex")}"}}\n`);
  const store = await openLmdbStore({ folder });
  onTestFinished(() => store.close());
  expect(await store.documentOwners({ configId: "x", limit: 10 })).toEqual({
    accountIds: ["root"],
    lastSequence: 7,
  });
  const [shop] = (await store.lineages(["shop"])).lineages[0] ?? [];
  expect(shop?.version).toEqual(version(3, 8));
  const known = await store.accountHistory("shop", 0, 10);
  expect(known.map((revision) => [revision.account.version, Object.keys(revision)])).toEqual([
    [version(2, 3), ["account"]],
    [version(3, 8), ["account"]],
  ]);
  expect(await store.accountHistory("gone", 0, 10)).toEqual([]);
});
