import { randomUUID } from "node:crypto";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { RedisKeys } from "../../../src/store/redis/redis-keys.js";
import { openRedisStore, type RedisStoreOptions } from "../../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../../src/store/redis/redis-url.js";
import type { Store } from "../../../src/store/store.js";
import type { StoreNotice } from "../../../src/store/store-notice.js";
import { documentCommit, documentKey, of } from "../../store/store-contract.js";
import { storedDocuments } from "../../store/stored-documents.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { fastFolder } from "../redis-config.js";
import { RedisServer } from "../redis-server.js";
import { until } from "../until.js";
import { keptIn } from "./ledger.js";
import { startOldServer } from "./safety-old-server.js";

const KEY = documentKey(undefined, "x");
const EVICTING = ["allkeys", "volatile"].flatMap((keys) =>
  ["lru", "lfu", "random"].map((by) => `${keys}-${by}`),
);

/** Each setting, what it must not be, and what it has to be. */
const LINES = [
  ["appendonly", "no", "yes"],
  ["appendfsync", "everysec", "always"],
  ["appendfsync", "no", "always"],
  ["no-appendfsync-on-rewrite", "yes", "no"],
  ...[...EVICTING, "volatile-ttl"].map((policy) => ["maxmemory-policy", policy, "noeviction"] as const),
] as const;

/** A look every ten seconds, and what one takes. */
const NOTICED_WITHIN_MS = 11_000;

interface Opened {
  readonly store: Store;
  readonly notices: StoreNotice[];
}

type Place = Partial<RedisStoreOptions> & { readonly cell: string };

async function open(url: string, place: Place): Promise<Opened> {
  const opened = await openUntilClosed(url, place);
  onTestFinished(() => opened.store.close());
  return opened;
}

async function openUntilClosed(url: string, place: Place): Promise<Opened> {
  const notices: StoreNotice[] = [];
  const onNotice = (notice: StoreNotice) => notices.push(notice);
  const store = await openRedisStore({ target: parseRedisUrl(url), ...place, onNotice });
  return { store, notices };
}

interface ChangedBehindBack {
  /** Was sound, and is no longer; and the other way round. */
  readonly worse: Opened;
  readonly better: Opened;
  /** Resolves when both stores have found out by themselves; rejects when they have not in time. */
  readonly noticed: Promise<void>;
  close(): Promise<void>;
}

/** Begins before everything else: it takes as long as all of that. */
async function changeBehindBack(): Promise<ChangedBehindBack> {
  const [one, other] = await Promise.all([
    RedisServer.start(),
    RedisServer.start({ appendfsync: "everysec" }),
  ]);
  const [worse, better] = [
    await openUntilClosed(one.url, { cell: "c" }),
    await openUntilClosed(other.url, { cell: "c" }),
  ];
  expect(worse.store.writeObstacle()).toBeUndefined();
  expect(better.store.writeObstacle()).toContain("appendfsync");
  await one.command("CONFIG", "SET", "appendfsync", "everysec");
  await other.command("CONFIG", "SET", "appendfsync", "always");
  const isNoticed = () =>
    worse.store.writeObstacle() !== undefined && better.store.writeObstacle() === undefined;
  const noticed = until("both are noticed", isNoticed, NOTICED_WITHIN_MS);
  noticed.catch(() => "said by whoever waits for it");
  return {
    worse,
    better,
    noticed,
    close: async () => {
      await Promise.all([worse.store.close(), better.store.close()]);
      await Promise.all([one.stop(), other.stop()]);
    },
  };
}

async function start(settings: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
  const server = await RedisServer.start(settings);
  onTestFinished(() => server.stop());
  return server;
}

async function put(store: Store, value: number): Promise<void> {
  expect(await store.commit(documentCommit(KEY, { value }))).toMatchObject({ outcome: "done" });
}

/** Reads go on, commits do not, and whoever asks is told why. */
async function expectNoWrites({ store, notices }: Opened, why: string, value: number): Promise<void> {
  const obstacle = expect.stringContaining(why);
  const outcome = await store.commit(documentCommit(KEY, { value: "refused" }));
  expect(outcome).toMatchObject({
    outcome: "notApplied",
    cause: { code: "STORE_UNAVAILABLE", message: obstacle },
  });
  expect(store.writeObstacle()).toEqual(obstacle);
  expect(notices).toContainEqual({ level: "error", message: obstacle });
  await expectValue(store, value);
}

/** The first commit after the server was changed behind the store's back is refused already; then the store knows why. */
async function expectRefusal(store: Store): Promise<void> {
  expect(store.writeObstacle()).toBeUndefined();
  expect(await store.commit(documentCommit(KEY, {}))).toMatchObject({ outcome: "notApplied" });
  await until("the store has looked", () => store.writeObstacle() !== undefined);
}

async function expectValue(store: Store, value: number): Promise<void> {
  expect(await storedDocuments(store, [KEY])).toMatchObject([{ override: { value } }]);
}

describe("a setting that would lose acknowledged writes", () => {
  let server: RedisServer;
  let changed: ChangedBehindBack;
  beforeAll(async () => {
    server = await RedisServer.start();
    changed = await changeBehindBack();
  });
  afterAll(() => Promise.all([server.stop(), changed.close()]));

  test.each(LINES)(
    "%s %s stops writes, says that it must be %s, and is forgiven once it is",
    async (name, bad, good) => {
      const cell = randomUUID();
      await put((await open(server.url, { cell })).store, 1);
      await server.command("CONFIG", "SET", name, bad);
      const line = `${name} is "${bad}" and must be "${good}"`;

      const refused = await open(server.url, { cell });
      const before = await keptIn(server, cell);
      await expectNoWrites(refused, line, 1);
      expect(await keptIn(server, cell)).toEqual(before);

      const allowed = await open(server.url, { cell, allowUnsafe: true });
      expect(allowed.store.writeObstacle()).toBeUndefined();
      expect(allowed.notices).toContainEqual({ level: "warn", message: expect.stringContaining(line) });
      await put(allowed.store, 2);

      await server.command("CONFIG", "SET", name, good);
      await server.command("CLIENT", "KILL", "TYPE", "normal");
      await until("writes are taken again", () => refused.store.writeObstacle() === undefined);
      await put(refused.store, 3);
    },
  );

  test("settings that may not be read count as unsafe, and the permission is named", async () => {
    await server.command("ACL", "SETUSER", "limited", "on", ">secret", "~*", "&*", "+@all", "-config");
    const cell = randomUUID();
    await put((await open(server.url, { cell })).store, 1);
    const limited = await open(server.url.replace("//", "//limited:secret@"), { cell });
    await expectNoWrites(limited, "+config|get", 1);
    await server.command("ACL", "SETUSER", "limited", "+config|get");
    await server.command("CLIENT", "KILL", "USER", "limited");
    await until("writes are taken", () => limited.store.writeObstacle() === undefined);
    await put(limited.store, 2);
  });

  test("is noticed within ten seconds under a running store, for worse and for better", async () => {
    const { worse, better, noticed } = changed;
    await noticed;
    expect(worse.notices).toContainEqual({ level: "error", message: expect.stringContaining("appendfsync") });
    expect(await worse.store.commit(documentCommit(KEY, {}))).toMatchObject({ outcome: "notApplied" });
    await put(better.store, 1);
  });

  test("nothing is written to a server that is unfit from the start", async () => {
    const cell = randomUUID();
    await server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    onTestFinished(
      async () => void (await server.command("CONFIG", "SET", "maxmemory-policy", "noeviction")),
    );
    const { store } = await open(server.url, { cell });
    expect(await store.commit(documentCommit(KEY, {}))).toMatchObject({ outcome: "notApplied" });
    expect(await server.command("KEYS", `${new RedisKeys(cell).prefix}*`)).toEqual([]);
  });
});

describe("a server that is not fit at all", () => {
  test("a replica is read, and not written to, whatever is allowed", async () => {
    const cell = randomUUID();
    const primary = await start({ "repl-diskless-sync-delay": "0" });
    await put((await open(primary.url, { cell })).store, 1);
    const replica = await start({ replicaof: `127.0.0.1 ${primary.port}` });
    const isThere = async () => (await replica.command("GET", new RedisKeys(cell).sequence)) === "1";
    await until("the replica has it", isThere);
    for (const allowUnsafe of [false, true])
      await expectNoWrites(await open(replica.url, { cell, allowUnsafe }), "it is a replica", 1);
  });

  test("one that is too old is told by its version", async () => {
    const server = await startOldServer();
    const says = /version 6\.\d+\.\d+; Strata needs Redis 7/;
    const opening = open(server.url, { cell: "old" }).then(({ store }) => store.writeObstacle());
    expect(await opening.catch((error: Error) => error.message)).toMatch(says);
  });

  test("one that is full takes no commit and is read, and takes them again when it is given more", async () => {
    const server = await start();
    const { store } = await open(server.url, { cell: "full" });
    await put(store, 1);
    const before = await keptIn(server, "full");
    await server.command("CONFIG", "SET", "maxmemory", "1mb");
    expect(await store.commit(documentCommit(KEY, { value: 2 }))).toMatchObject({
      outcome: "notApplied",
      cause: { code: "STORE_UNAVAILABLE", message: expect.stringContaining("OOM") },
    });
    await expectValue(store, 1);
    expect(await store.lineages(["nobody"])).toMatchObject({ lineages: [undefined] });
    expect(await keptIn(server, "full")).toEqual(before);
    await server.command("CONFIG", "SET", "maxmemory", "0");
    await put(store, 2);
  });
});

describe("a store that is not the one that it was", () => {
  test("one that was emptied is gone, not empty", async () => {
    const server = await start();
    const { store, notices } = await open(server.url, { cell: "gone" });
    await put(store, 1);
    await server.command("FLUSHALL");
    const unavailable = { code: "STORE_UNAVAILABLE", message: expect.stringContaining("no store") };
    await expect(store.layers([KEY], "own")).rejects.toMatchObject(unavailable);
    await expect(store.versions(of([KEY]))).rejects.toMatchObject(unavailable);
    await expect(store.lineages(["a"])).rejects.toMatchObject(unavailable);
    await expect(store.rootId()).rejects.toMatchObject(unavailable);
    await expect(store.changes(0, 1)).rejects.toMatchObject(unavailable);
    await expectRefusal(store);
    const obstacle = expect.stringContaining("the store is gone, and it held 1 commits");
    expect(store.writeObstacle()).toEqual(obstacle);
    expect(notices).toContainEqual({ level: "error", message: obstacle });
    expect(await server.command("DBSIZE")).toBe(0);
  });

  test("one of which a part is left is neither begun anew nor written to", { timeout: 10_000 }, async () => {
    const server = await start();
    const first = await open(server.url, { cell: "part" });
    await put(first.store, 1);
    await first.store.close();
    const { meta, tree } = new RedisKeys("part");
    await server.command("DEL", meta, tree);
    const { store } = await open(server.url, { cell: "part" });
    await expect(store.layers([KEY], "own")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await store.commit(documentCommit(KEY, { value: 2 }))).toMatchObject({ outcome: "notApplied" });
    expect(store.writeObstacle()).toBeDefined();
    expect(await server.command("EXISTS", meta, tree)).toBe(0);
    expect((await keptIn(server, "part")).sequence).toBe(1);
  });

  test("one that an older copy was put in place of is not written to, by whoever remembers", async () => {
    const server = await start();
    const markFile = join(temporaryFolder(), "state", "mark.json");
    const first = await open(server.url, { cell: "copied", markFile });
    for (const value of [1, 2, 3]) await put(first.store, value);
    await server.kill();
    const copy = join(temporaryFolder(fastFolder()), "copy");
    cpSync(server.folder, copy, { recursive: true });
    await server.restart();
    await until(
      "it takes writes",
      async () => (await first.store.commit(documentCommit(KEY, { value: 4 }))).outcome === "done",
    );
    await put(first.store, 5);
    await server.kill();
    rmSync(join(server.folder, "appendonlydir"), { recursive: true });
    cpSync(join(copy, "appendonlydir"), join(server.folder, "appendonlydir"), { recursive: true });
    await server.restart();
    const why = "it stands at sequence 3, and 5 was acknowledged";
    await until("the store has looked", () => first.store.writeObstacle()?.includes("stands at") === true);
    // Reads have a connection of their own, which may come back later.
    await until("reads are answered", () => first.store.rootId().then(() => true));
    await expectNoWrites(first, why, 3);
    await first.store.close();
    await expectNoWrites(await open(server.url, { cell: "copied", markFile }), why, 3);
    expect((await keptIn(server, "copied")).sequence).toBe(3);
  });

  test("one whose sequence has fallen is not written to", async () => {
    const server = await start();
    const opened = await open(server.url, { cell: "fallen" });
    for (const value of [1, 2, 3]) await put(opened.store, value);
    await server.command("SET", new RedisKeys("fallen").sequence, "2");
    await expectRefusal(opened.store);
    await expectNoWrites(opened, "it stands at sequence 2, and 3 was acknowledged", 3);
  });

  test("another one in its place is not written to", async () => {
    const server = await start();
    const markFile = join(temporaryFolder(), "mark.json");
    const opened = await open(server.url, { cell: "other", markFile });
    await put(opened.store, 1);
    const { meta } = new RedisKeys("other");
    const known = String(await server.command("HGET", meta, "incarnation"));
    await server.command("HSET", meta, "incarnation", "impostor");
    const why = `it is not the store that was written to before (incarnation impostor, known: ${known})`;
    await expectRefusal(opened.store);
    await expectNoWrites(opened, why, 1);
    await opened.store.close();
    await expectNoWrites(await open(server.url, { cell: "other", markFile }), why, 1);
  });

  test("one that a newer release has written is not written to", async () => {
    const server = await start();
    const opened = await open(server.url, { cell: "newer" });
    await put(opened.store, 1);
    await server.command("HSET", new RedisKeys("newer").meta, "writers", "99");
    await expectRefusal(opened.store);
    await expectNoWrites(opened, "format 99", 1);
    await expectNoWrites(await open(server.url, { cell: "newer" }), "format 99", 1);
  });

  test.each(["", "{", "{}", '{"incarnation":1,"sequence":1}', "null"])(
    "a mark that reads %j is said to be damaged, and where it is",
    async (text) => {
      const server = await start();
      const markFile = join(temporaryFolder(), "mark.json");
      writeFileSync(markFile, text);
      await expect(open(server.url, { cell: "mark", markFile })).rejects.toThrow(markFile);
    },
  );
});
