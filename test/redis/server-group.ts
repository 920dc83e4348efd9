import type { RedisServer } from "./redis-server.js";

/**
 * The node that one of those asked names by its port, and that runs.
 * @throws when there is none
 */
export async function runningNode(
  asked: readonly RedisServer[],
  nodes: readonly RedisServer[],
  portBy: (server: RedisServer) => Promise<number | undefined>,
): Promise<RedisServer> {
  for (const server of asked.filter(({ isRunning }) => isRunning)) {
    const port = await portBy(server).catch(() => undefined);
    const node = nodes.find((candidate) => candidate.port === port);
    if (node?.isRunning) return node;
  }
  throw new Error("there is no primary right now");
}

/** Starts them at the same time; when one cannot be started, none is left. */
export async function startAll(starts: readonly (() => Promise<RedisServer>)[]): Promise<RedisServer[]> {
  const settled = await Promise.allSettled(starts.map((start) => start()));
  const servers = settled.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
  const failure = settled.find((start) => start.status === "rejected");
  if (failure === undefined) return servers;
  await stopAll(servers);
  throw failure.reason;
}

export async function stopAll(servers: readonly RedisServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}

export async function forEach(
  servers: readonly RedisServer[],
  action: (server: RedisServer, index: number) => Promise<void>,
): Promise<void> {
  await Promise.all(servers.map(action));
}

export async function everyOf(
  servers: readonly RedisServer[],
  holds: (server: RedisServer) => Promise<boolean>,
): Promise<boolean> {
  return (await Promise.all(servers.map(holds))).every(Boolean);
}

/** Whether this many replicas have all that the server has had, and follow it. */
export async function hasReplicas(node: RedisServer, count: number): Promise<boolean> {
  const text = String(await node.command("INFO", "replication"));
  return text.match(/^slave\d+:.*state=online/gm)?.length === count;
}
