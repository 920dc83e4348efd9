import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { temporaryFolder } from "../temporary-folder.js";
import { freePort } from "./free-port.js";
import { redisCommand } from "./redis-command.js";
import { RedisServer } from "./redis-server.js";
import { sharedRedisUrl } from "./run-redis.js";
import { until } from "./until.js";

vi.mock(import("./free-port.js"), async (original) => ({ freePort: vi.fn((await original()).freePort) }));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function start(...how: Parameters<typeof RedisServer.start>): Promise<RedisServer> {
  const server = await RedisServer.start(...how);
  onTestFinished(() => server.stop());
  return server;
}

describe("a Redis server of a test's own", () => {
  test("writes what it acknowledges to disk at once, and evicts nothing", async () => {
    const server = await start();
    for (const [name, value] of [
      ["appendonly", "yes"],
      ["appendfsync", "always"],
      ["no-appendfsync-on-rewrite", "no"],
      ["maxmemory-policy", "noeviction"],
      ["save", ""],
      ["bind", "127.0.0.1"],
    ])
      expect(await server.command("CONFIG", "GET", name ?? "")).toEqual([name, value]);
  });

  test("has what it had when it is killed and started again, at the same port", async () => {
    const server = await start();
    const { pid, url } = server;
    await server.command("SET", "a", "1");
    await server.kill();
    expect([server.isRunning, isAlive(pid)]).toEqual([false, false]);
    await expect(server.command("PING")).rejects.toThrow("ECONNREFUSED");
    await server.restart();
    expect([server.isRunning, server.url]).toEqual([true, url]);
    expect(server.pid).not.toBe(pid);
    expect(await server.command("GET", "a")).toBe("1");
  });

  test("answers after a pause what it was asked during it", async () => {
    const server = await start();
    server.pause();
    const answer = server.command("SET", "a", "1");
    const first = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 200, "silence"))]);
    expect(first).toBe("silence");
    expect(server.isRunning).toBe(true);
    server.resume();
    expect(await answer).toBe("OK");
  });

  test("is gone after its end, with its folder; also when it was paused", async () => {
    const server = await start();
    server.pause();
    await server.stop();
    expect([isAlive(server.pid), existsSync(server.folder)]).toEqual([false, false]);
    await server.stop();
  });

  test("takes another port when somebody else has come to have its own, unless it was given that one", async () => {
    const server = await start();
    const { port } = server;
    vi.mocked(freePort).mockResolvedValueOnce(port);
    const other = await start();
    expect(other.port).not.toBe(port);
    await other.command("SET", "a", "1");
    expect(await server.command("GET", "a")).toBeNull();
    await expect(RedisServer.start({}, { port })).rejects.toThrow(/ended by itself.*Address already in use/s);
  });
});

test("a folder that was given stays, and its data with it", async () => {
  const folder = temporaryFolder();
  const first = await start({}, { folder });
  await first.command("SET", "a", "1");
  await first.stop();
  const second = await start({ appendfsync: "everysec" }, { folder });
  expect(await second.command("GET", "a")).toBe("1");
  expect(await second.command("CONFIG", "GET", "appendfsync")).toEqual(["appendfsync", "everysec"]);
});

test("a server that cannot start says why", async () => {
  await expect(RedisServer.start({ appendfsync: "perhaps" })).rejects.toThrow(
    /ended by itself.*appendfsync perhaps.*must be one of/s,
  );
});

test("a server ends with the process that started it, even if that is killed, and leaves nothing", async () => {
  const module = fileURLToPath(new URL("redis-server.ts", import.meta.url));
  const script = `const { RedisServer } = await import(${JSON.stringify(module)});
    const { url, folder } = await RedisServer.start();
    console.log(url, folder); setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const [said] = await Promise.race([once(parent.stdout, "data"), once(parent, "exit")]);
  const [url = "", folder = ""] = String(said).trim().split(" ");
  expect([await redisCommand(url, "PING"), existsSync(folder)]).toEqual(["PONG", true]);
  parent.kill("SIGKILL");
  const isGone = () =>
    redisCommand(url, "PING").then(
      () => false,
      ({ code }) => code === "ECONNREFUSED",
    );
  await until("the server is gone", isGone, 5_000);
  await until("its folder is gone", () => !existsSync(folder), 5_000);
});

test("the server that the whole run shares answers", async () => {
  expect(await redisCommand(sharedRedisUrl(), "PING")).toBe("PONG");
});
