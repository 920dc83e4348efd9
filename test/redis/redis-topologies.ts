import { z } from "zod";
import { RedisServer } from "./redis-server.js";
import { everyOf, forEach, hasReplicas, runningNode, startAll, stopAll } from "./server-group.js";
import { until } from "./until.js";

const SLOTS = 16_384;
const REPLICATION = {
  // A replica is otherwise kept waiting for others that may want the same transfer.
  "repl-diskless-sync-delay": "0",
  "repl-ping-replica-period": "1",
};
const SENTINEL_GROUP = "strata";
const COMING_UP_MS = 20_000;

/** Servers that replace a primary that is lost. */
export interface Topology {
  /** Those that hold data: first the primaries of the beginning, then the replicas. */
  readonly nodes: readonly RedisServer[];
  /**
   * Who takes writes, as those that run see it; asking again may be needed after a loss.
   * @param key of which key; without a cluster it is the same for all
   * @throws when nobody can tell, or whom they name does not run
   */
  primary(key: string): Promise<RedisServer>;
  /** Ends all of it, whatever state it is in. */
  stop(): Promise<void>;
}

export interface SentinelTopology extends Topology {
  readonly sentinels: readonly RedisServer[];
  /** What the sentinels call the primary. */
  readonly name: string;
}

/** A cluster of three primaries and a replica of each; the replica of `nodes[i]` is `nodes[i + 3]`. */
export async function startCluster(): Promise<Topology> {
  const settings = { ...REPLICATION, "cluster-enabled": "yes", "cluster-node-timeout": "1500" };
  const nodes = await startAll(Array.from({ length: 6 }, () => () => RedisServer.start(settings)));
  const stop = () => stopAll(nodes);
  try {
    await joinCluster(nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, primary: (key) => primaryOfSlot(nodes, key), stop };
}

/** A primary, two replicas, and three sentinels that watch over them. */
export async function startSentinels(): Promise<SentinelTopology> {
  const servers: RedisServer[] = [];
  const stop = () => stopAll(servers);
  try {
    // A primary that has lost touch with its replicas, and may have been replaced, soon takes no more writes.
    const settings = { ...REPLICATION, "min-replicas-to-write": "1", "min-replicas-max-lag": "5" };
    const first = await RedisServer.start(settings);
    servers.push(first);
    const replica = { ...settings, replicaof: `127.0.0.1 ${first.port}` };
    const nodes = [first, ...(await startAll([1, 2].map(() => () => RedisServer.start(replica))))];
    servers.push(...nodes.slice(1));
    // Before the sentinels: they look for replicas at their start, and then every ten seconds.
    await until("both replicas are in step", () => hasReplicas(first, 2), COMING_UP_MS);
    const watch = {
      "sentinel monitor": `${SENTINEL_GROUP} 127.0.0.1 ${first.port} 2`,
      [`sentinel down-after-milliseconds ${SENTINEL_GROUP}`]: "1000",
      [`sentinel failover-timeout ${SENTINEL_GROUP}`]: "3000",
    };
    const options = { args: ["--sentinel"] };
    const sentinels = await startAll([1, 2, 3].map(() => () => RedisServer.start(watch, options)));
    servers.push(...sentinels);
    // How often they tell each other what they know: usually every two seconds, and only after eight is it believed.
    await forEach(sentinels, async (sentinel) => {
      await sentinel.command("SENTINEL", "DEBUG", "PUBLISH-PERIOD", "250", "INFO-PERIOD", "1000");
    });
    await until("the sentinels know each other", () => everyOf(sentinels, knowsAll), COMING_UP_MS);
    return { name: SENTINEL_GROUP, nodes, sentinels, primary: () => primaryOfGroup(sentinels, nodes), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function joinCluster(nodes: readonly RedisServer[]): Promise<void> {
  const primaries = nodes.slice(0, 3);
  await forEach(nodes, async (node, index) => {
    // Else all have the same epoch, and the conflict is resolved in their own time.
    await node.command("CLUSTER", "SET-CONFIG-EPOCH", String(index + 1));
    // Everybody is introduced to everybody: gossip takes seconds.
    for (const other of nodes.slice(0, index))
      await node.command("CLUSTER", "MEET", "127.0.0.1", String(other.port));
  });
  await forEach(primaries, async (node, index) => {
    const [from, to] = [index, index + 1].map((part) => Math.floor((part * SLOTS) / primaries.length));
    await node.command("CLUSTER", "ADDSLOTSRANGE", String(from), String((to ?? SLOTS) - 1));
  });
  await until("all have met", () => everyOf(nodes, (node) => sees(node, "", 6)), COMING_UP_MS);
  await forEach(nodes.slice(3), async (node, index) => {
    const id = await primaries[index]?.command("CLUSTER", "MYID");
    await node.command("CLUSTER", "REPLICATE", String(id));
  });
  const isWhole = async (node: RedisServer) =>
    String(await node.command("CLUSTER", "INFO")).includes("cluster_state:ok") &&
    (await sees(node, "slave", 3));
  await until("the cluster is whole", () => everyOf(nodes, isWhole), COMING_UP_MS);
  const isInStep = (node: RedisServer) => hasReplicas(node, 1);
  await until("the replicas are in step", () => everyOf(primaries, isInStep), COMING_UP_MS);
}

/** Whether a node of a cluster is connected to this many nodes, itself among them, with a flag. */
async function sees(node: RedisServer, flag: string, count: number): Promise<boolean> {
  const lines = String(await node.command("CLUSTER", "NODES"))
    .trim()
    .split("\n");
  return lines.filter((line) => line.includes(flag) && !line.includes("handshake")).length === count;
}

async function knowsAll(sentinel: RedisServer): Promise<boolean> {
  const words = z.array(z.string()).parse(await sentinel.command("SENTINEL", "MASTER", SENTINEL_GROUP));
  const valueAt = (name: string) => words[words.indexOf(name) + 1];
  return valueAt("num-slaves") === "2" && valueAt("num-other-sentinels") === "2";
}

const ADDRESS = z.tuple([z.string(), z.coerce.number()], z.unknown());
const SLOT_RANGES = z.array(z.tuple([z.number(), z.number(), ADDRESS], z.unknown()));

function primaryOfSlot(nodes: readonly RedisServer[], key: string): Promise<RedisServer> {
  return runningNode(nodes, nodes, async (node) => {
    const slot = z.number().parse(await node.command("CLUSTER", "KEYSLOT", key));
    const ranges = SLOT_RANGES.parse(await node.command("CLUSTER", "SLOTS"));
    return ranges.find(([from, to]) => from <= slot && slot <= to)?.[2][1];
  });
}

function primaryOfGroup(
  sentinels: readonly RedisServer[],
  nodes: readonly RedisServer[],
): Promise<RedisServer> {
  return runningNode(sentinels, nodes, async (sentinel) => {
    const address = await sentinel.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SENTINEL_GROUP);
    return ADDRESS.parse(address)[1];
  });
}
