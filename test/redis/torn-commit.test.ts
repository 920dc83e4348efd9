import { readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { RedisServer } from "./redis-server.js";

const COMMIT = `redis.call('XADD', 'feed', ARGV[1] .. '-0', 'by', ARGV[2])
  redis.call('RPUSH', 'history', ARGV[2])
  return redis.call('SET', 'sequence', ARGV[1])`;

/** Two commits of which the second is torn by the first kill, and one in its place; then it is killed again. */
async function historyAfterTwoKills(): Promise<unknown> {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const commit = (sequence: number, by: string) => server.command("EVAL", COMMIT, "0", String(sequence), by);
  const file = join(server.folder, "appendonlydir", "appendonly.aof.1.incr.aof");
  await commit(1, "first");
  const whole = readFileSync(file).length;
  await commit(2, "torn");
  await server.kill();
  truncateSync(file, whole + readFileSync(file).subarray(whole).indexOf("history") + 3);
  await server.restart();
  expect(await server.command("LRANGE", "history", "0", "-1")).toEqual(["first"]);
  await commit(2, "second");
  await server.restart();
  const feed = (await server.command("XRANGE", "feed", "-", "+")) as [string, [string, string]][];
  return {
    feed: feed.map(([, [, by]]) => by),
    history: await server.command("LRANGE", "history", "0", "-1"),
  };
}

test("a commit that a kill has torn is gone, whole, where the file is checked before each start", async () => {
  const whole = ["first", "second"];
  expect(await historyAfterTwoKills()).toEqual({ feed: whole, history: whole });
});
