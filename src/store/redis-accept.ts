import { StrataError } from "../domain/errors.js";
import type { RedisArchiveOptions } from "./redis-archive-source.js";
import { callFunction, makeNonce } from "./redis-call.js";
import { RedisConnection } from "./redis-connection.js";
import { FUNCTIONS } from "./redis-functions.js";
import { RedisKeys } from "./redis-keys.js";
import { describeRedis } from "./redis-url.js";

const START_WITHIN_MS = 5_000;

/**
 * Says, for all gateways, that what is in the store now is what they shall go on with: a new life of it begins.
 * @returns the new incarnation
 * @throws StrataError STORE_UNAVAILABLE when it cannot be reached, or an import into it is not finished
 */
export async function acceptRedisStore({ target, cell }: RedisArchiveOptions): Promise<string> {
  const { meta, sequence, tree } = new RedisKeys(cell);
  const connection = new RedisConnection({ target, name: "strata-accept", routeKey: meta });
  try {
    await connection.firstReady(START_WITHIN_MS);
    const incarnation = makeNonce();
    const call = [FUNCTIONS.accept, 3, meta, sequence, tree, incarnation, makeNonce()] as const;
    if ((await callFunction(connection, ["FCALL", ...call])) === "done") return incarnation;
    const place = `${describeRedis(target)}, cell ${cell},`;
    throw new StrataError(
      "STORE_UNAVAILABLE",
      `An import into the store in Redis at ${place} was begun and not finished: run it again with the same file, or --replace.`,
    );
  } finally {
    connection.close();
  }
}
