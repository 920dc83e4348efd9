import { open } from "lmdb";
import type { RedisKeys } from "../../src/store/redis/redis-keys.js";
import { redisCommand } from "../redis/redis-command.js";

/** Makes of a store what a release of format 2 would have written. */
export async function makeOlderLmdb(folder: string): Promise<void> {
  const raw = open<string>({ path: folder, noSubdir: false, encoding: "string" });
  for (const part of ["past", "c", "last"])
    for (const key of [...raw.getKeys({ start: [part], end: [part, "\x7f"] })]) await raw.remove(key);
  await raw.put("format", "2");
  await raw.close();
}

/** Every entry of a store's folder, as text. */
export async function entriesOf(folder: string): Promise<Map<string, string>> {
  const raw = open<string>({ path: folder, noSubdir: false, encoding: "string", readOnly: true });
  const entries = new Map([...raw.getRange({})].map(({ key, value }) => [JSON.stringify(key), value]));
  await raw.close();
  return entries;
}

export async function makeOlderRedis(url: string, keys: RedisKeys): Promise<void> {
  const found = (await redisCommand(url, "KEYS", `${keys.prefix}*`)) as string[];
  const added = found.filter((key) => /^\{[^}]*\}:([pc]:|last$|upgrading$)/.test(key));
  if (added.length > 0) await redisCommand(url, "DEL", ...added);
  await redisCommand(url, "HSET", keys.meta, "format", "2", "writers", "2");
}
