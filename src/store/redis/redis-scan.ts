import { StrataError } from "../../domain/errors.js";
import { keyOf } from "../records.js";
import type { DocumentKey } from "../store.js";
import type { RedisConnection } from "./redis-connection.js";
import { parseInfo } from "./redis-safety.js";

/** The part of a document's key after its prefix. */
export function parseDocumentName(name: string): DocumentKey {
  const [owner = "", configId = ""] = name.split(":");
  return keyOf(owner, configId);
}

const KEYS_PER_PAGE = 1_000;

/**
 * The keys of a pattern, in pages. What is there from the first page to the last comes at least once; only the same
 * server process can promise that, so a scan does not outlive a failover or a restart.
 * @throws StrataError STORE_UNAVAILABLE when another server answers than the one that the scan began on
 */
export async function* scanKeys(connection: RedisConnection, pattern: string): AsyncGenerator<string[]> {
  let cursor = "0";
  let server: string | undefined;
  do {
    const [page, info] = await connection.sendToPrimary([
      ["SCAN", cursor, "MATCH", pattern, "COUNT", KEYS_PER_PAGE],
      ["INFO", "server"],
    ]);
    for (const answer of [page, info]) if (answer instanceof Error) throw answer;
    const runId = parseInfo(String(info)).get("run_id");
    server ??= runId;
    if (runId !== server)
      throw new StrataError(
        "STORE_UNAVAILABLE",
        "Redis was restarted or replaced during the scan. Try again.",
      );
    const [next, keys] = page as [string, string[]];
    if (keys.length > 0) yield keys;
    cursor = next;
  } while (cursor !== "0");
}
