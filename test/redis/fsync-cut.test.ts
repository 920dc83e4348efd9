import { execFileSync } from "node:child_process";
import { mkdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.js";
import { type AppendOnlyFile, appendOnlyFiles, compileFsyncShim, cutToLastFsync } from "./fsync-cut.js";
import { RedisServer } from "./redis-server.js";
import { until } from "./until.js";

const WRITES = 500;
const AT_ONCE = 50;

describe.skipIf(process.platform !== "linux")("a power cut", () => {
  let shim: string;
  beforeEach(() => {
    shim = compileFsyncShim(temporaryFolder());
  });

  async function start(settings: Readonly<Record<string, string>>): Promise<RedisServer> {
    const server = await RedisServer.start(settings, { preload: shim, isChecked: false });
    onTestFinished(() => server.stop());
    return server;
  }

  function connect({ url }: RedisServer): Redis {
    const client = new Redis(url, { protocol: 2, retryStrategy: null, maxRetriesPerRequest: 0 });
    client.on("error", () => undefined);
    onTestFinished(() => client.disconnect());
    return client;
  }

  /** Writes until the server is gone, which is as soon as there are enough; the keys that were acknowledged. */
  async function writeUntilKilled(server: RedisServer, prefix: string, atOnce: number): Promise<string[]> {
    const client = connect(server);
    const acknowledged: string[] = [];
    const write = async (key: string) => {
      if ((await client.set(key, key)) === "OK") acknowledged.push(key);
    };
    let death: Promise<void> | undefined;
    try {
      for (let n = 0; ; n += atOnce) {
        await Promise.all(Array.from({ length: atOnce }, (_, i) => write(`${prefix}${n + i}`)));
        if (acknowledged.length >= WRITES) death ??= server.kill();
      }
    } catch {
      await death;
      return acknowledged;
    }
  }

  /** What a script leaves that runs with the shim. */
  function filesOf(script: string, environment: NodeJS.ProcessEnv = {}): AppendOnlyFile[] {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "appendonlydir"));
    const env = { ...process.env, LD_PRELOAD: shim, ...environment };
    execFileSync(process.execPath, ["--eval", script], { cwd: folder, env });
    return appendOnlyFiles(folder);
  }

  async function missing(server: RedisServer, keys: readonly string[]): Promise<string[]> {
    const values = await connect(server).mget(...keys);
    return keys.filter((key, index) => values[index] !== key);
  }

  test("loses no write that was acknowledged when every one is synced", async () => {
    const server = await start({ appendfsync: "always" });
    for (const [prefix, atOnce] of [
      ["alone", 1],
      ["together", AT_ONCE],
    ] as const) {
      const acknowledged = await writeUntilKilled(server, prefix, atOnce);
      expect(acknowledged.length).toBeGreaterThanOrEqual(WRITES);
      cutToLastFsync(server.folder);
      await server.restart();
      expect(await missing(server, acknowledged)).toEqual([]);
    }
  });

  test("loses acknowledged writes when they are synced once a second, and only the latest", async () => {
    const server = await start({ appendfsync: "everysec" });
    const client = connect(server);
    const early = Array.from({ length: WRITES }, (_, n) => `early${n}`);
    await Promise.all(early.map((key) => client.set(key, key)));
    const isSynced = () =>
      appendOnlyFiles(server.folder).every(({ written, synced }) => written > 0 && written === synced);
    await until("all of it is synced", isSynced, 5_000);
    const late = await writeUntilKilled(server, "late", 1);
    expect(cutToLastFsync(server.folder)).toBeGreaterThan(0);
    expect(cutToLastFsync(server.folder)).toBe(0);
    await server.restart();
    const lost = await missing(server, late);
    expect(lost.length).toBeGreaterThan(0);
    expect(lost).toEqual(late.slice(-lost.length));
    expect(await missing(server, early)).toEqual([]);
  });

  test("spares what a rewrite of the file has kept", async () => {
    const server = await start({ appendfsync: "no" });
    await server.command("SET", "a", "1");
    await server.command("BGREWRITEAOF");
    const isDone = async () =>
      appendOnlyFiles(server.folder).some(({ name }) => name.includes(".2.base")) &&
      String(await server.command("INFO", "persistence")).includes("aof_rewrite_in_progress:0");
    await until("the file is rewritten", isDone);
    await server.command("SET", "b", "1");
    await server.kill();
    expect(cutToLastFsync(server.folder)).toBeGreaterThan(0);
    await server.restart();
    expect(await server.command("MGET", "a", "b")).toEqual(["1", null]);
  });

  test("takes what was written while an fsync was running, whichever way it is called", () => {
    for (const call of ["fsync", "fdatasync"]) {
      const script = `const fs = require("node:fs");
        const file = fs.openSync("appendonlydir/a.aof", "w");
        fs.writeSync(file, "before");
        fs.${call}(file, () => process.exit());
        setTimeout(() => fs.writeSync(file, "while"), 50);`;
      const files = filesOf(script, { FSYNC_DELAY_MS: "200" });
      expect(files).toEqual([{ name: "a.aof", written: 11, synced: 6 }]);
    }
  });

  test("takes what came after the file was emptied or shortened", () => {
    const script = `const fs = require("node:fs");
      for (const name of ["emptied", "shortened", "synced"]) {
        const path = "appendonlydir/" + name;
        const file = fs.openSync(path, "a");
        fs.writeSync(file, "0123456789");
        fs.fsyncSync(file);
        if (name === "emptied") fs.closeSync(fs.openSync(path, "w"));
        if (name === "shortened") fs.ftruncateSync(file, 4);
        fs.writeSync(file, "0123456789");
      }`;
    expect(filesOf(script)).toEqual([
      { name: "emptied", written: 10, synced: 0 },
      { name: "shortened", written: 14, synced: 4 },
      { name: "synced", written: 20, synced: 10 },
    ]);
  });

  test("takes what came after a server had dropped half a command on loading", async () => {
    const server = await start({ appendfsync: "no" });
    await server.command("CONFIG", "SET", "appendfsync", "always");
    await server.command("SET", "a", "1");
    const incremental = () => {
      const file = appendOnlyFiles(server.folder).find(({ name }) => name.includes(".incr."));
      if (file === undefined) throw new Error("there is no incremental file");
      return file;
    };
    const { name, written, synced } = incremental();
    expect(synced).toBe(written);
    await server.command("SET", "b", "1");
    await server.kill();
    truncateSync(join(server.folder, "appendonlydir", name), incremental().synced - 1);
    await server.restart();
    await server.command("SET", "c", "a value that is longer than what was dropped");
    expect(incremental()).toEqual({ name, written: expect.any(Number), synced });
  });

  test("is told apart from a server that was never watched", async () => {
    const server = await RedisServer.start();
    onTestFinished(() => server.stop());
    expect(() => cutToLastFsync(server.folder)).toThrow("was the server started with the shim?");
  });
});
