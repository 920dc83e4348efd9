import { setTimeout } from "node:timers/promises";
import { type RedisConnection, RedisRefusal } from "./redis-connection.js";
import type { RedisKeys } from "./redis-keys.js";
import { parseInfo, type RedisReport } from "./redis-safety.js";

/** A small store's file is written within this: then nobody has to come again. */
const WRITTEN_WITHIN_MS = 700;
const PAUSE_MS = 20;

export type CleanFile =
  | { readonly outcome: "clean" | "waiting" }
  /** The message says what was tried in vain. Writes are taken: what the file may do is noticed when it has done it. */
  | { readonly outcome: "failed"; readonly message: string };

/**
 * Makes sure that Redis's file ends with a whole commit. A Redis that is killed while it writes a commit leaves the beginning of
 * it in its file. The next start cuts half a command off, but keeps what came before it of the same transaction, without
 * executing it; and the start after that takes it for a part of the commit that was written behind it. Nobody sees from
 * outside whether that is so. So once in each run of Redis, before writes are taken, its file is written anew, from what
 * is in its memory.
 */
export async function cleanFile(
  connection: RedisConnection,
  keys: RedisKeys,
  { info, settings }: RedisReport,
): Promise<CleanFile> {
  const run = info.get("run_id") ?? "";
  if (info.get("aof_enabled") !== "1" && settings?.get("appendonly") !== "yes") return { outcome: "clean" };
  if ((await connection.call(["GET", keys.run])) === run) return { outcome: "clean" };
  if (info.get("aof_rewrites") === undefined) return failed("it does not say whether it has written it");
  let seen = info;
  for (const end = performance.now() + WRITTEN_WITHIN_MS; ; ) {
    if (seen.get("run_id") !== run) return { outcome: "waiting" };
    if (isBusy(seen)) {
      if (performance.now() > end) return { outcome: "waiting" };
      await setTimeout(PAUSE_MS);
    } else if (Number(seen.get("aof_rewrites")) === 0) {
      const [answer] = await connection.sendToPrimary([["BGREWRITEAOF"]]);
      if (answer instanceof RedisRefusal && !/already in progress/.test(answer.message))
        return failed(answer.message);
    } else if (seen.get("aof_last_bgrewrite_status") !== "ok") {
      return failed(
        `its last attempt ended with "${seen.get("aof_last_bgrewrite_status")}"; its log says why`,
      );
    } else {
      // Where this is refused, so are commits: the next look is as good.
      await connection.send([["SET", keys.run, run]]);
      return { outcome: "clean" };
    }
    const [answer] = await connection.sendToPrimary([["INFO", "all"]]).catch((error: Error) => [error]);
    // A slow disk holds Redis while it exchanges the files: the next look finds it done.
    if (answer instanceof Error) return { outcome: "waiting" };
    seen = parseInfo(String(answer));
  }
}

function isBusy(info: RedisReport["info"]): boolean {
  return ["aof_rewrite_in_progress", "aof_rewrite_scheduled"].some((name) => info.get(name) === "1");
}

function failed(reason: string): CleanFile {
  return {
    outcome: "failed",
    message:
      `Redis could not write its file anew after its start (BGREWRITEAOF): ${reason}. If it was killed in the midst of a ` +
      "commit, a part of that may come back at its next start; then writes stop, and `npx strata accept` mends it.",
  };
}
