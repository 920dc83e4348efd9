import type { StoreReads } from "../store.js";
import { RedisConnection } from "./redis-connection.js";
import { RedisKeys } from "./redis-keys.js";
import { RedisReads } from "./redis-reads.js";
import { describeCell, type RedisTarget } from "./redis-url.js";

/**
 * The reads of a store in Redis; gateways may be writing in it.
 * @throws StrataError STORE_UNAVAILABLE when it cannot be reached, or holds no store
 */
export async function openRedisReads(options: {
  readonly target: RedisTarget;
  readonly cell: string;
}): Promise<StoreReads> {
  const keys = new RedisKeys(options.cell);
  const connection = new RedisConnection({
    target: options.target,
    name: "strata-look",
    routeKey: keys.meta,
  });
  try {
    await connection.firstReady();
    const reads = new RedisReads(connection, keys, describeCell(options));
    await reads.rootId();
    return {
      lineages: (accountIds) => reads.lineages(accountIds),
      descendants: (of) => reads.descendants(of),
      inheriting: (of) => reads.inheriting(of),
      layers: (targets, bodies) => reads.layers(targets, bodies),
      documents: (keys) => reads.documents(keys),
      layersAt: (targets, moment, now) => reads.layersAt(targets, moment, now),
      layersAfter: (targets, sequence) => reads.layersAfter(targets, sequence),
      versions: (of) => reads.versions(of),
      history: (of) => reads.history(of),
      accountHistory: (id, after, limit) => reads.accountHistory(id, after, limit),
      changes: (after, limit) => reads.changes(after, limit),
      documentOwners: (of) => reads.documentOwners(of),
      pastChanges: (before, limit) => reads.pastChanges(before, limit),
      rootId: () => reads.rootId(),
      close: async () => connection.close(),
    };
  } catch (error) {
    connection.close();
    throw error;
  }
}
