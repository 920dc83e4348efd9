import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { importStore } from "../../src/archive/import-store.js";
import { verifyExport } from "../../src/archive/verified-export.js";
import { OPEN_PRINCIPAL } from "../../src/auth/principal.js";
import { openLmdbArchiveSource } from "../../src/store/lmdb/lmdb-archive-source.js";
import { openLmdbArchiveTarget } from "../../src/store/lmdb/lmdb-archive-target.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { openRedisArchiveSource } from "../../src/store/redis/redis-archive-source.js";
import { openRedisArchiveTarget } from "../../src/store/redis/redis-archive-target.js";
import { openRedisStore } from "../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import { type Change, type Store, sequenceOfChange } from "../../src/store/store.js";
import { sharedRedisUrl } from "../redis/run-redis.js";
import { Services, SHIPPED_SCHEMAS } from "../service/services.js";
import { temporaryFolder } from "../temporary-folder.js";
import { exportFrom, linesOf, refusal, signed, verify, withExport } from "./archive-fixture.js";

const lmdb = (feedEntries = 1_000) => {
  const folder = temporaryFolder();
  return {
    store: () => openLmdbStore({ folder, feedEntries }),
    source: () => openLmdbArchiveSource({ folder }),
    target: () => openLmdbArchiveTarget({ folder }),
  };
};
const redis = () => {
  const options = { target: parseRedisUrl(sharedRedisUrl()), cell: randomUUID() };
  return {
    store: () => openRedisStore(options),
    source: () => openRedisArchiveSource(options),
    target: () => openRedisArchiveTarget(options),
  };
};
type Place = ReturnType<typeof lmdb>;

async function inStore<T>({ store }: Place, work: (store: Store) => Promise<T>): Promise<T> {
  const opened = await store();
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

async function exported({ source }: Place): Promise<Buffer> {
  const opened = await source();
  try {
    return (await exportFrom(opened)).bytes;
  } finally {
    await opened.close();
  }
}

function imported({ target }: Place, content: Buffer): Promise<unknown> {
  return withExport(content, async (file) => {
    const verified = await verifyExport(file, () => {});
    const opened = await target();
    try {
      await importStore(file, verified, opened, { replace: false });
    } finally {
      await opened.close();
    }
  });
}

const logOf = (place: Place): Promise<readonly Change[]> =>
  inStore(place, (store) => store.pastChanges(undefined, 1_000));

async function fill(store: Store): Promise<void> {
  const services = new Services(store, SHIPPED_SCHEMAS);
  await services.tree(["root"], ["acme*", "root"], ["gone", "acme"]);
  await services.set("gone", "conferences", { pin_timeout: 3_100 });
  await services.set(undefined, "conferences", { pin_timeout: 3_200 });
  await services.accounts.update(OPEN_PRINCIPAL, { id: "gone", name: "Soon gone" });
  await services.accounts.delete(OPEN_PRINCIPAL, "gone");
  await services.reset(undefined, "conferences");
}

test.each([
  ["LMDB", "Redis", lmdb, redis],
  ["Redis", "LMDB", redis, lmdb],
] as const)("the audit log of a store in %s comes back equal in %s, and goes on", async (_, __, from, to) => {
  const [one, other] = [from(), to()];
  await inStore(one, fill);
  const log = await logOf(one);
  expect(log).toHaveLength(8);
  const file = await exported(one);
  await imported(other, file);
  expect(await logOf(other)).toEqual(log);
  expect(
    linesOf(await exported(other))
      .slice(1, -1)
      .sort(),
  ).toEqual(linesOf(file).slice(1, -1).sort());
  const newest = await inStore(other, async (store) => {
    await new Services(store, SHIPPED_SCHEMAS).set("acme", "conferences", { pin_timeout: 3_300 });
    return (await store.changes(0, 100)).changes?.map(sequenceOfChange);
  });
  expect(newest).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("of a log that is no longer whole the file has what is kept", async () => {
  const [one, other] = [lmdb(3), redis()];
  await inStore(one, fill);
  await imported(other, await exported(one));
  expect((await logOf(other)).map(sequenceOfChange)).toEqual([8, 7, 6]);
});

test("a file whose log has a gap, or goes on behind its end, is refused", async () => {
  const one = lmdb();
  await inStore(one, fill);
  const lines = linesOf(await exported(one)).slice(0, -1);
  const [fifth = "", sixth = ""] = lines.filter((line) => line.startsWith('{"change"')).slice(4);
  const without = lines.filter((line) => line !== fifth);
  await expect(verify(signed(without, 8, without.length, 3))).rejects.toEqual(refusal(/commit 6, where 5/));
  const line = lines.indexOf(sixth);
  const forged = lines.with(-1, (lines.at(-1) ?? "").replace('"sequence":8', '"sequence":9'));
  expect(line).toBeGreaterThan(0);
  await expect(verify(signed(forged, 8, forged.length, 3))).rejects.toEqual(refusal(/commit 9, where 8/));
});
