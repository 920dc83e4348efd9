import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { startFairClock } from "../fair-time.js";
import type { RedisServer } from "./redis-server.js";
import { startCluster, startSentinels, type Topology } from "./redis-topologies.js";
import { until } from "./until.js";

const PROMOTION_MS = 15_000;

async function expectSafe(nodes: readonly RedisServer[]): Promise<void> {
  for (const node of nodes) {
    const names = ["appendonly", "appendfsync", "maxmemory-policy"];
    const values = await Promise.all(names.map((name) => node.command("CONFIG", "GET", name)));
    expect(values.flat()).toEqual([
      "appendonly",
      "yes",
      "appendfsync",
      "always",
      "maxmemory-policy",
      "noeviction",
    ]);
  }
}

/** Loses the primary of a key and expects another one, with what was acknowledged by this many replicas. */
async function expectPromotion(topology: Topology, replicas: number): Promise<RedisServer> {
  const old = await topology.primary("key");
  const client = new Redis(old.url, { protocol: 2, retryStrategy: null });
  client.on("error", () => undefined);
  onTestFinished(() => client.disconnect());
  await client.set("key", "before");
  expect(await client.wait(replicas, 5_000)).toBe(replicas);
  await old.kill();
  let promoted = old;
  await until(
    "another primary takes writes",
    async () => {
      promoted = await topology.primary("key");
      return (await promoted.command("SET", "other{key}", "after")) === "OK";
    },
    PROMOTION_MS,
  );
  expect(promoted).not.toBe(old);
  expect(await promoted.command("GET", "key")).toBe("before");
  return old;
}

test("a cluster replaces a primary that is lost, and takes it back as a replica", async () => {
  const cluster = await startCluster();
  onTestFinished(() => cluster.stop());
  await expectSafe(cluster.nodes);
  const keys = ["a", "b", "c", "d", "e", "f", "g", "h"];
  const primaries = await Promise.all(keys.map((key) => cluster.primary(key)));
  expect(new Set(primaries)).toEqual(new Set(cluster.nodes.slice(0, 3)));
  const old = await expectPromotion(cluster, 1);
  const promoted = await cluster.primary("key");
  expect(promoted).toBe(cluster.nodes[cluster.nodes.indexOf(old) + 3]);
  await old.restart();
  await until("it follows", async () => String(await old.command("ROLE")).startsWith("slave"));
  // A replica that has only just been sent everything ends as quickly as the others.
  const elapsed = startFairClock();
  await cluster.stop();
  expect(elapsed()).toBeLessThan(3_000);
});

test("sentinels replace a primary that is lost, and make it a replica when it is back", async () => {
  const group = await startSentinels();
  onTestFinished(() => group.stop());
  await expectSafe(group.nodes);
  expect(await group.primary("any")).toBe(group.nodes[0]);
  const old = await expectPromotion(group, 2);
  await old.restart();
  await until("it follows", async () => String(await old.command("ROLE")).startsWith("slave"), 20_000);
});

test("where no node is left there is no primary, whatever the sentinels say", async () => {
  const group = await startSentinels();
  onTestFinished(() => group.stop());
  await Promise.all(group.nodes.map((node) => node.kill()));
  await expect(group.primary("any")).rejects.toThrow("there is no primary right now");
});
