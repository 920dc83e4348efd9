import { makeSecret } from "../secret-store.js";
import type { RedisConnection } from "./redis-connection.js";
import type { RedisKeys } from "./redis-keys.js";

export async function readSecret(connection: RedisConnection, keys: RedisKeys): Promise<string | undefined> {
  const known = await connection.call(["GET", keys.secret]);
  return typeof known === "string" ? known : undefined;
}

/** Makes the secret, or learns the one that another gateway has made meanwhile. One that a failover loses is made anew. */
export async function writeSecret(connection: RedisConnection, keys: RedisKeys): Promise<string | undefined> {
  await connection.call(["SET", keys.secret, makeSecret(), "NX"]);
  return readSecret(connection, keys);
}
