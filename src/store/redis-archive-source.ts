import { StrataError } from "../domain/errors.js";
import type { ArchivedWrite, ArchiveSource, ScanPage, StorePosition } from "./archive.js";
import { keyOf, parseAccount, parseDocument } from "./records.js";
import { RedisConnection } from "./redis-connection.js";
import { RedisKeys } from "./redis-keys.js";
import { RedisReads } from "./redis-reads.js";
import { scanKeys } from "./redis-scan.js";
import { describeCell, type RedisTarget } from "./redis-url.js";
import type { Changes, DocumentKey } from "./store.js";

export interface RedisArchiveOptions {
  readonly target: RedisTarget;
  readonly cell: string;
}

/**
 * A store in Redis to copy from; gateways may be writing in it.
 * @throws StrataError STORE_UNAVAILABLE when it cannot be reached, or holds no store
 */
export async function openRedisArchiveSource({ target, cell }: RedisArchiveOptions): Promise<ArchiveSource> {
  const keys = new RedisKeys(cell);
  const connection = new RedisConnection({ target, name: "strata-export", routeKey: keys.meta });
  try {
    await connection.firstReady();
    const source = new RedisArchiveSource(connection, keys, describeCell({ target, cell }));
    await source.position();
    return source;
  } catch (error) {
    connection.close();
    throw error;
  }
}

class RedisArchiveSource implements ArchiveSource {
  readonly #reads: RedisReads;

  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RedisKeys,
    place: string,
  ) {
    this.#reads = new RedisReads(connection, keys, place);
  }

  async position(): Promise<StorePosition> {
    // The incarnation last: an import that begins in between takes it away.
    const [sequence = 0, dropped = 0] = await this.#reads.look(
      [this.keys.sequence, this.keys.dropped],
      (_, numbers) => numbers.map(Number),
    );
    const incarnation = await this.#reads.read(["HGET", this.keys.meta, "incarnation"], (answer) => answer);
    if (typeof incarnation !== "string")
      throw new StrataError("STORE_UNAVAILABLE", "An import into this store was begun while it was read.");
    return { incarnation, sequence, dropped };
  }

  async *scan(): AsyncGenerator<ScanPage> {
    const { accountPrefix, versionPrefix } = this.keys;
    for await (const page of scanKeys(this.connection, `${accountPrefix}*`)) {
      const records = await this.#reads.look(page, (_, found) => found);
      const accounts = records.flatMap((record) => (record === null ? [] : parseAccount(record)));
      yield { accounts, documents: [] };
    }
    for await (const page of scanKeys(this.connection, `${versionPrefix}*`)) {
      const documents = page.map((name) => documentKeyIn(name.slice(versionPrefix.length)));
      yield { accounts: [], documents };
    }
  }

  writes(key: DocumentKey, fromRevision: number, limit: number): Promise<ArchivedWrite[]> {
    const [first, last] = [fromRevision - 1, fromRevision + limit - 2];
    return this.#reads.read(["LRANGE", this.keys.history(key), first, last], (answer) =>
      (answer as string[]).map((record) => ({ key, ...parseDocument(record) })),
    );
  }

  changes(after: number, limit: number): Promise<Changes> {
    return this.#reads.changes(after, limit);
  }

  async close(): Promise<void> {
    this.connection.close();
  }
}

function documentKeyIn(name: string): DocumentKey {
  const [owner = "", configId = ""] = name.split(":");
  return keyOf(owner, configId);
}
