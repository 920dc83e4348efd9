import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openRedisStore } from "../../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../../src/store/redis/redis-url.js";
import type { Store } from "../../../src/store/store.js";
import type { StoreNotice } from "../../../src/store/store-notice.js";
import { describeAccountContract } from "../../store/account-contract.js";
import {
  describeStoreContract,
  documentCommit,
  documentKey,
  type OpenedStore,
} from "../../store/store-contract.js";
import { storedDocuments } from "../../store/stored-documents.js";
import type { RedisServer } from "../redis-server.js";
import { startCluster, startSentinels, type Topology } from "../redis-topologies.js";
import { hasReplicas } from "../server-group.js";
import { until } from "../until.js";
import { ANSWERED_WITHIN_MS, WriteLoad } from "./kills-load.js";
import { keptIn, Ledger, NOTHING_WRONG } from "./ledger.js";

/** How often each topology loses its primary: killed, then paused until it has been replaced, and so on. */
const LOSSES = Number(process.env.STRATA_FAILOVERS ?? 1);
const PROMOTION_MS = 15_000;
const READABLE_MS = 5_000;
const BACK_MS = 45_000;
const SOME = 100;
const LAGGING_MS = 850;

interface Kind {
  /** Of each primary. */
  readonly replicas: number;
  /** How many primaries there are. */
  readonly primaries: number;
  readonly start: () => Promise<{ readonly topology: Topology; readonly url: string }>;
}

const KINDS: readonly (readonly [name: string, kind: Kind])[] = [
  [
    "a Cluster",
    {
      replicas: 1,
      primaries: 3,
      start: async () => {
        const topology = await startCluster();
        return { topology, url: `redis+cluster://${hosts(topology.nodes)}` };
      },
    },
  ],
  [
    "Sentinels",
    {
      replicas: 2,
      primaries: 1,
      start: async () => {
        const topology = await startSentinels();
        return { topology, url: `redis+sentinel://${hosts(topology.sentinels)}/${topology.name}` };
      },
    },
  ],
];

function stopwatch(): () => number {
  const start = performance.now();
  return () => Math.round(performance.now() - start);
}

function hosts(servers: readonly RedisServer[]): string {
  return servers.map(({ port }) => `127.0.0.1:${port}`).join(",");
}

describe.each(KINDS)("on %s", (name, { replicas, primaries, start }) => {
  let topology: Topology;
  let url: string;
  const cells: string[] = [];
  beforeAll(async () => {
    ({ topology, url } = await start());
  });
  afterAll(() => topology.stop());

  const primaryOf = (cell: string) => topology.primary(`{${cell}}:meta`);
  const newCell = () => {
    const cell = randomUUID();
    cells.push(cell);
    return cell;
  };
  function open(cell: string, waitReplicas: number, notices: StoreNotice[] = []): Promise<Store> {
    const onNotice = (notice: StoreNotice) => notices.push(notice);
    return openRedisStore({ target: parseRedisUrl(url), cell, waitReplicas, onNotice });
  }

  const openContractStore = async (): Promise<OpenedStore> => {
    const cell = newCell();
    let current = await open(cell, replicas);
    return {
      store: current,
      reopen: async () => {
        await current.close();
        current = await open(cell, replicas);
        return current;
      },
      close: () => current.close(),
    };
  };
  describeStoreContract(`The Redis store on ${name}`, openContractStore);
  describeAccountContract(`The Redis store on ${name}`, openContractStore);

  test("all of that was spread over every primary, and no command ever spanned slots", async () => {
    const holders = await Promise.all(cells.map(primaryOf));
    expect(new Set(holders).size).toBe(primaries);
    await expectNoneAcrossSlots();
  });

  test("without waiting for the replicas nothing is written, and the setting is named", async () => {
    const notices: StoreNotice[] = [];
    const cell = newCell();
    // The store is there already: where it would not be written to, none is begun.
    await (await open(cell, replicas)).close();
    const store = await open(cell, 0, notices);
    onTestFinished(() => store.close());
    const obstacle = expect.stringContaining(`STRATA_REDIS_WAIT_REPLICAS is 0 and must be ${replicas}`);
    expect(store.writeObstacle()).toEqual(obstacle);
    expect(notices).toContainEqual({ level: "error", message: obstacle });
    const key = documentKey(undefined, "x");
    expect(await store.commit(documentCommit(key, {}))).toMatchObject({
      outcome: "notApplied",
      cause: { message: obstacle },
    });
    expect(await storedDocuments(store, [key])).toEqual([undefined]);
    expect((await keptIn(await primaryOf(cell), cell)).sequence).toBe(0);
  });

  const losses = Array.from({ length: LOSSES }, (_, n) => (n % 2 === 0 ? "killed" : "paused"));
  test.each(losses)("a primary that is %s is replaced, and no acknowledged write is lost", async (loss) => {
    const cell = newCell();
    const store = await open(cell, replicas);
    onTestFinished(() => store.close());
    const ledger = new Ledger();
    const load = new WriteLoad(store, ledger);
    onTestFinished(() => load.abandon());
    const someMore = async () => {
      const enough = ledger.acknowledged + SOME;
      await until("writes are acknowledged", () => ledger.acknowledged > enough, BACK_MS);
    };
    await someMore();

    const old = await primaryOf(cell);
    const reconnect = await disconnectReplicas(old);
    // Long enough for commits to be answered that no replica has.
    await delay(LAGGING_MS);
    const since = stopwatch();
    if (loss === "killed") await old.kill();
    else old.pause();
    reconnect();
    await until("there is another primary", async () => (await primaryOf(cell)) !== old, PROMOTION_MS);
    const promotedMs = since();
    await until("reads go on", () => store.rootId().then(() => true), READABLE_MS);
    const readableMs = since();
    // Whoever waits for every replica can write again only when there are as many as before.
    if (loss === "killed") await old.restart();
    else old.resume();
    const back = stopwatch();
    await someMore();
    const writableMs = back();
    await load.stop();
    console.log(
      `${name}, ${loss}: another primary after ${promotedMs} ms, reads after ${readableMs} ms; writes ${writableMs} ms ` +
        `after the old one was back; ${load}`,
    );
    const promoted = await primaryOf(cell);
    expect(promoted).not.toBe(old);
    expect(ledger.findings(await keptIn(promoted, cell))).toEqual(NOTHING_WRONG);
    expect(load.faults).toEqual([]);
    expect(load.slowestMs).toBeLessThan(ANSWERED_WITHIN_MS);
    await until("the old one follows", () => hasReplicas(promoted, replicas), BACK_MS);
    await expectNoneAcrossSlots();
  });

  test("without one of its replicas no write is acknowledged; once it is back the same one is, and only once", async () => {
    const cell = newCell();
    const store = await open(cell, replicas);
    onTestFinished(() => store.close());
    const key = documentKey(undefined, "x");
    expect(await store.commit(documentCommit(key, {}))).toMatchObject({ outcome: "done" });
    const primary = await primaryOf(cell);
    const [replica] = await replicasOf(primary);
    await replica?.kill();
    const since = stopwatch();
    const commit = documentCommit(key, { without: 1 });
    const outcome = await store.commit(commit);
    expect(since()).toBeLessThan(ANSWERED_WITHIN_MS);
    expect(["unknown", "notApplied"]).toContain(outcome.outcome);
    await replica?.restart();
    await until("it follows", () => hasReplicas(primary, replicas), BACK_MS);
    const isDone = async () => (await store.commit(commit)).outcome === "done";
    await until("the commit is acknowledged", isDone, BACK_MS);
    expect(await storedDocuments(store, [key])).toMatchObject([
      { override: { without: 1 }, version: { revision: 2, sequence: 2 } },
    ]);
  });

  /** What the primary takes from now on they will never hear from it. */
  async function disconnectReplicas(primary: RedisServer): Promise<() => void> {
    const found = await replicasOf(primary);
    // Whoever waits for replicas does not rely on this.
    await primary.command("CONFIG", "SET", "min-replicas-to-write", "0");
    for (const replica of found) replica.pause();
    await primary.command("CLIENT", "KILL", "TYPE", "replica");
    return () => {
      for (const replica of found) replica.resume();
    };
  }

  async function replicasOf({ port }: RedisServer): Promise<RedisServer[]> {
    const found: RedisServer[] = [];
    for (const node of topology.nodes) {
      const role = await node.command("ROLE");
      if (Array.isArray(role) && role[0] === "slave" && role[2] === port) found.push(node);
    }
    expect(found).toHaveLength(replicas);
    return found;
  }

  async function expectNoneAcrossSlots(): Promise<void> {
    const errors = await Promise.all(topology.nodes.map((node) => node.command("INFO", "errorstats")));
    for (const text of errors) expect(text).not.toContain("CROSSSLOT");
  }
});
