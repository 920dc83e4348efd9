import type { TestProject } from "vitest/node";
import { buildProcesses } from "./built-processes.js";
import { startDockerRedis } from "./redis/docker-redis.js";
import { findRedis } from "./redis/find-redis.js";
import { redisCommand } from "./redis/redis-command.js";
import { RedisServer } from "./redis/redis-server.js";

/** Makes what the whole run shares: the Redis server, or the one of REDIS_URL, and the programs that tests start. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  // Called once for each project; what the root provides is there for all.
  if (!project.isRootProject()) return undefined;
  const [processes, stopRedis] = await Promise.all([buildProcesses(), provideRedis(project)]);
  return async () => {
    processes.remove();
    await stopRedis?.();
  };
}

async function provideRedis(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  try {
    const { url, stop } = await startRedis(process.env.REDIS_URL);
    project.provide("redisUrl", url);
    return stop;
  } catch (error) {
    // The tests that need it fail with this; the others do without.
    project.provide("redisProblem", (error as Error).message);
    return undefined;
  }
}

async function startRedis(url: string | undefined): Promise<{ url: string; stop(): Promise<void> }> {
  if (url) {
    await redisCommand(url, "PING").catch((error: Error) => {
      throw new Error(`The Redis server of REDIS_URL cannot be used: ${error.message}`);
    });
    return { url, stop: async () => undefined };
  }
  const found = await findRedis(process.env);
  if (found.kind === "docker") return await startDockerRedis(found.docker);
  const server = await RedisServer.start();
  return { url: server.url, stop: () => server.stop() };
}
