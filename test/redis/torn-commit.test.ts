import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { cases } from "../cases.js";
import { checkFolder, RedisServer } from "./redis-server.js";

const COMMIT = `redis.call('XADD', 'feed', ARGV[1] .. '-0', 'by', ARGV[2])
  redis.call('RPUSH', 'history', ARGV[2])
  return redis.call('SET', 'sequence', ARGV[1])`;

interface Torn {
  readonly server: RedisServer;
  readonly commit: (sequence: number, by: string) => Promise<unknown>;
  /** The file that commits are appended to, with two of them, and where the second one begins in it. */
  readonly file: string;
  readonly text: Buffer;
  readonly begin: number;
}

/** A server that was killed after two commits. */
async function killed(): Promise<Torn> {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const commit = (sequence: number, by: string) => server.command("EVAL", COMMIT, "0", String(sequence), by);
  const file = join(server.folder, "appendonlydir", "appendonly.aof.1.incr.aof");
  await commit(1, "first");
  const begin = readFileSync(file).length;
  await commit(2, "torn");
  await server.kill();
  return { server, commit, file, text: readFileSync(file), begin };
}

test("a commit that a kill has torn is gone, whole, also after the next kill", async () => {
  const { server, commit, file, text, begin } = await killed();
  truncateSync(file, text.indexOf("history", begin) + 3);
  await server.restart();
  expect(await server.command("LRANGE", "history", "0", "-1")).toEqual(["first"]);
  await commit(2, "second");
  await server.restart();
  const feed = (await server.command("XRANGE", "feed", "-", "+")) as [string, [string, string]][];
  expect(feed.map(([, [, by]]) => by)).toEqual(["first", "second"]);
  expect(await server.command("LRANGE", "history", "0", "-1")).toEqual(["first", "second"]);
});

test("the check cuts a torn commit off wherever it is torn, leaves a whole one, and leaves damage to Redis", async () => {
  const { server, file, text, begin } = await killed();
  const after = async (bytes: Uint8Array): Promise<Buffer> => {
    writeFileSync(file, bytes);
    await checkFolder(server.folder);
    return readFileSync(file);
  };
  const multi = text.indexOf("MULTI", begin) + "MULTI\r\n".length;
  // Each cut starts a process. Every byte of the end is tried, and of the rest as many as there is time for.
  const step = Math.max(1, Math.round((text.length - multi) / cases(20)));
  for (let end = multi; end < text.length; end += end < text.length - 12 ? step : 1)
    expect((await after(text.subarray(0, end))).length, `${end} of ${text.length}`).toBeLessThan(multi);
  expect(await after(text)).toEqual(text);
  for (const at of [text.indexOf("XADD"), text.indexOf("XADD", begin)]) {
    const damaged = Buffer.from(text);
    damaged.write("#", text.lastIndexOf("*", at));
    expect(await after(damaged)).toEqual(damaged);
  }
});
