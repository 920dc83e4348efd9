import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import fc from "fast-check";
import { open } from "lmdb";
import { describe, expect, onTestFinished, test } from "vitest";
import { openLmdbArchiveSource } from "../../src/store/lmdb/lmdb-archive-source.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { openRedisArchiveSource } from "../../src/store/redis/redis-archive-source.js";
import { RedisKeys } from "../../src/store/redis/redis-keys.js";
import { openRedisStore } from "../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import type { Store } from "../../src/store/store.js";
import { builtProcess } from "../built-processes.js";
import { cases, SEED } from "../cases.js";
import { redisCommand } from "../redis/redis-command.js";
import { sharedRedisUrl } from "../redis/run-redis.js";
import { until } from "../redis/until.js";
import { temporaryFolder } from "../temporary-folder.js";
import { FactsModel, factSteps } from "./facts-model.js";
import { entriesOf, makeOlderLmdb, makeOlderRedis } from "./older-store.js";
import { accountCommit, documentCommit, documentKey, versionOf } from "./store-contract.js";
import { FAST_DISK } from "./test-store.js";

const KILLS = cases(5);
const WRITES = 4_000;
const LAW = { seed: SEED, numRuns: cases(10) };
const childFile = new URL("upgrade-process.ts", import.meta.url);

/** A life of thousands of commits, most of them to documents of many accounts. */
async function lived(store: Store): Promise<FactsModel> {
  const ids = ["root", ...Array.from({ length: 1_500 }, (_, n) => `account-${n}`)];
  const model = new FactsModel(ids);
  const steps = fc.sample(factSteps(1), { seed: SEED, numRuns: 6 * WRITES }).flat();
  let written = 0;
  for (let at = 0; at < steps.length && written < WRITES; at += 250) {
    const batch = steps.slice(at, at + 250);
    await model.live(
      store,
      batch.filter(({ act }) => act === "create" || act === "rename" || act === "delete").slice(0, 60),
    );
    const writes = batch.flatMap((step) => (step.act === "set" || step.act === "reset" ? [step] : []));
    const commits = writes.flatMap((step) => model.next(step) ?? []);
    const outcomes = await Promise.all(commits.map((commit) => store.commit(commit)));
    for (const [index, outcome] of outcomes.entries()) {
      const commit = commits[index];
      if (commit !== undefined && outcome.outcome === "done") model.take(commit, outcome);
    }
    written += commits.length;
  }
  return model;
}

/** Starts a process that upgrades, and kills it some time after it has begun; says whether it had finished by then. */
async function killed(args: readonly string[], withinMs: number): Promise<boolean> {
  const child: ChildProcess = spawn(process.execPath, [builtProcess(childFile), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let timer: NodeJS.Timeout | undefined;
  let isFinished = false;
  const kill = () => child.kill("SIGKILL");
  const late = setTimeout(kill, 30_000);
  if (child.stdout === null) throw new Error("no output");
  createInterface(child.stdout).on("line", (line) => {
    isFinished ||= /is upgraded:|has format 3 now/.test(line);
    if (line === "opened" && args[0] === "lmdb") kill();
    if (/ upgrade|being made/.test(line)) timer ??= setTimeout(kill, Math.random() * withinMs);
  });
  await once(child, "close");
  clearTimeout(timer);
  clearTimeout(late);
  expect(timer, "it did not begin to upgrade").toBeDefined();
  return isFinished;
}

const isUpgraded = (store: Store): Promise<void> =>
  until(
    "the store is upgraded",
    async () => (await store.documentOwners({ configId: "x", limit: 1 })).accountIds !== undefined,
    30_000,
  );

const isData = (key: string) => !/^"(format|upgrade|probe)"$|^\["(past|c|last)",/.test(key);

describe(`a store of format 2 (LAW_SEED=${SEED})`, () => {
  test(`in LMDB has everything after its upgrade was killed ${KILLS} times`, {
    timeout: 900_000,
  }, async () => {
    const [older, folder] = [
      join(temporaryFolder(FAST_DISK), "older"),
      join(temporaryFolder(FAST_DISK), "store"),
    ];
    const store = await openLmdbStore({ folder: older });
    const model = await lived(store);
    await store.close();
    await makeOlderLmdb(older);
    const before = [...(await entriesOf(older))].filter(([key]) => isData(key));
    await cp(older, folder, { recursive: true });
    let halfways = 0;
    for (let kill = 0; halfways < KILLS && kill < 6 * KILLS; kill++) {
      const isFinished = await killed(["lmdb", folder], 150);
      const entries = await entriesOf(folder);
      if (isFinished) expect(entries.get('"format"')).toBe("3");
      if (entries.has('"upgrade"')) expect(entries.get('"format"')).toBe("2");
      for (const [key, value] of before)
        if (entries.get(key) !== value) expect([key, entries.get(key)]).toEqual([key, value]);
      if (entries.get('"format"') === "2") halfways++;
      if (entries.get('"format"') !== "3") continue;
      await rm(folder, { recursive: true });
      await cp(older, folder, { recursive: true });
    }
    expect(halfways).toBe(KILLS);
    const upgraded = await openLmdbStore({ folder });
    onTestFinished(() => upgraded.close());
    expect(await model.factsOf(upgraded, 500)).toStrictEqual(model.facts);
    const after = await entriesOf(folder);
    expect([after.get('"format"'), after.has('"upgrade"')]).toEqual(["3", false]);
    expect([...after].filter(([key]) => isData(key))).toEqual(before);
  });

  test(`in Redis has everything after the gateway that upgrades was killed ${KILLS} times`, {
    timeout: 900_000,
  }, async () => {
    const [url, cell] = [sharedRedisUrl(), randomUUID()];
    const keys = new RedisKeys(cell);
    const options = { target: parseRedisUrl(url), cell };
    const store = await openRedisStore(options);
    const model = await lived(store);
    await store.close();
    await makeOlderRedis(url, keys);
    let halfways = 0;
    for (let kill = 0; halfways < KILLS && kill < 6 * KILLS; kill++) {
      const isFinished = await killed(["redis", url, cell], 100);
      const [format, writers] = (await redisCommand(
        url,
        "HMGET",
        keys.meta,
        "format",
        "writers",
      )) as string[];
      expect([format, writers]).toEqual([isFinished ? "3" : format, "3"]);
      if (format === "3") await makeOlderRedis(url, keys);
      else halfways++;
      await redisCommand(url, "DEL", keys.upgrading);
    }
    expect(halfways).toBe(KILLS);
    const upgraded = await openRedisStore(options);
    onTestFinished(() => upgraded.close());
    await isUpgraded(upgraded);
    expect(await model.factsOf(upgraded, 500)).toStrictEqual(model.facts);
    expect(await redisCommand(url, "HGET", keys.meta, "format")).toBe("3");
  });

  test("in LMDB and in Redis knows afterwards all that the feed still tells", async () => {
    await fc.assert(
      fc.asyncProperty(factSteps(40), async (steps) => {
        const folder = join(temporaryFolder(FAST_DISK), "store");
        const options = { target: parseRedisUrl(sharedRedisUrl()), cell: randomUUID() };
        for (const [opening, makeOlder] of [
          [() => openLmdbStore({ folder }), () => makeOlderLmdb(folder)],
          [
            () => openRedisStore(options),
            () => makeOlderRedis(sharedRedisUrl(), new RedisKeys(options.cell)),
          ],
        ] as const) {
          const model = new FactsModel();
          const store = await opening();
          await model.live(store, steps);
          await store.close();
          await makeOlder();
          const upgraded = await opening();
          await isUpgraded(upgraded);
          await model.expectIn(upgraded);
          await upgraded.close();
        }
      }),
      LAW,
    );
  });

  test("in LMDB says nothing of a past that nobody wrote down, and goes on from what there is", async () => {
    await fc.assert(
      fc.asyncProperty(factSteps(40), factSteps(10), async (steps, more) => {
        const folder = join(temporaryFolder(FAST_DISK), "store");
        const model = new FactsModel();
        const store = await openLmdbStore({ folder });
        await model.live(store, steps);
        await store.close();
        await makeOlderLmdb(folder);
        const raw = open<string>({ path: folder, noSubdir: false, encoding: "string" });
        for (const key of [...raw.getKeys({ start: ["feed"], end: ["feed", "\x7f"] })]) await raw.remove(key);
        await raw.close();
        model.forget();
        const upgraded = await openLmdbStore({ folder });
        try {
          await model.expectIn(upgraded);
          await model.live(upgraded, more);
          await model.expectIn(upgraded);
        } finally {
          await upgraded.close();
        }
      }),
      LAW,
    );
  });

  test("in Redis goes on from what there is while it is upgraded, and says nothing of a past that nobody wrote down", async () => {
    await fc.assert(
      fc.asyncProperty(factSteps(40), factSteps(20), async (steps, more) => {
        const [url, cell] = [sharedRedisUrl(), randomUUID()];
        const keys = new RedisKeys(cell);
        const options = { target: parseRedisUrl(url), cell };
        const model = new FactsModel();
        const store = await openRedisStore(options);
        await model.live(store, steps);
        await store.close();
        await makeOlderRedis(url, keys);
        await redisCommand(url, "DEL", keys.feed);
        model.forget();
        const upgraded = await openRedisStore(options);
        try {
          await model.live(upgraded, more);
          await isUpgraded(upgraded);
          await model.expectIn(upgraded);
        } finally {
          await upgraded.close();
        }
      }),
      LAW,
    );
  });

  test("in LMDB is upgraded from its beginning when an older release wrote to it after an upgrade was broken off", async () => {
    const folder = join(temporaryFolder(FAST_DISK), "store");
    const store = await openLmdbStore({ folder });
    versionOf(await store.commit(accountCommit("root", undefined)));
    versionOf(await store.commit(documentCommit(documentKey("root", "x"), { v: 1 })));
    await store.close();
    await makeOlderLmdb(folder);
    const raw = open<string>({ path: folder, noSubdir: false, encoding: "string" });
    // It had come to its end, and an account had a document, when the older release took over and deleted that.
    await raw.put("upgrade", JSON.stringify({ sequence: 1, after: ["v", "~", "z"] }));
    await raw.put(["c", "x", "gone"], "gone");
    await raw.close();
    const upgraded = await openLmdbStore({ folder });
    onTestFinished(() => upgraded.close());
    expect(await upgraded.documentOwners({ configId: "x", limit: 10 })).toEqual({
      accountIds: ["root"],
      lastSequence: 2,
    });
    expect(await upgraded.accountHistory("root", 0, 10)).toHaveLength(1);
  });

  test("is not exported before it is upgraded", async () => {
    const folder = join(temporaryFolder(FAST_DISK), "store");
    await (await openLmdbStore({ folder })).close();
    await makeOlderLmdb(folder);
    const refused = { code: "STORE_UNAVAILABLE", message: expect.stringMatching(/format (is )?2.*upgrades/) };
    await expect(openLmdbArchiveSource({ folder })).rejects.toMatchObject(refused);
    const options = { target: parseRedisUrl(sharedRedisUrl()), cell: randomUUID() };
    await (await openRedisStore(options)).close();
    await makeOlderRedis(sharedRedisUrl(), new RedisKeys(options.cell));
    await expect(openRedisArchiveSource(options)).rejects.toMatchObject(refused);
  });
});
