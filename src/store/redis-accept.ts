import { StrataError } from "../domain/errors.js";
import type { RedisArchiveOptions } from "./redis-archive-source.js";
import { callFunction, makeNonce } from "./redis-call.js";
import { RedisConnection } from "./redis-connection.js";
import { FUNCTIONS } from "./redis-functions.js";
import { RedisKeys } from "./redis-keys.js";
import { UNFINISHED_IMPORT } from "./redis-standing.js";
import { describeCell } from "./redis-url.js";

/**
 * Says, for all gateways, that what is in the store now is what they shall go on with: a new life of it begins.
 * @returns the new incarnation
 * @throws StrataError STORE_UNAVAILABLE when it cannot be reached, or an import into it is not finished
 */
export async function acceptRedisStore(options: RedisArchiveOptions): Promise<string> {
  const { target, cell } = options;
  const { meta, sequence, tree, feed, begun } = new RedisKeys(cell);
  const connection = new RedisConnection({ target, name: "strata-accept", routeKey: meta });
  try {
    await connection.firstReady();
    const incarnation = makeNonce();
    const keys = [meta, sequence, tree, feed, begun] as const;
    const call = [FUNCTIONS.accept, keys.length, ...keys, incarnation, makeNonce()] as const;
    if ((await callFunction(connection, ["FCALL", ...call])) === "done") return incarnation;
    const message = `Redis at ${describeCell(options)} cannot be used: ${UNFINISHED_IMPORT}.`;
    throw new StrataError("STORE_UNAVAILABLE", message);
  } finally {
    connection.close();
  }
}
