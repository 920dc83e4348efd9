import { StrataError } from "../../domain/errors.js";
import type { ArchivedConfig, ArchivedWrite, ArchiveSource, ScanPage, StorePosition } from "../archive.js";
import { parseAccountRevision, parseBlame, parseDocument } from "../records.js";
import type { AccountRevision, Changes, DocumentKey, StoredBlame } from "../store.js";
import { RedisConnection } from "./redis-connection.js";
import { REDIS_FORMAT } from "./redis-functions.js";
import { RedisKeys } from "./redis-keys.js";
import { RedisReads } from "./redis-reads.js";
import { parseDocumentName, scanKeys } from "./redis-scan.js";
import { describeCell, type RedisTarget } from "./redis-url.js";

/** Most accounts have fewer. */
const REVISIONS_PER_PAGE = 50;

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
    const [incarnation, format] = await this.#reads.read(
      ["HMGET", this.keys.meta, "incarnation", "format"],
      (answer) => answer as (string | null)[],
    );
    if (Number(format) < REDIS_FORMAT)
      throw new StrataError("STORE_UNAVAILABLE", notUpgraded(Number(format)));
    if (typeof incarnation !== "string")
      throw new StrataError("STORE_UNAVAILABLE", "An import into this store was begun while it was read.");
    return { incarnation, sequence, dropped };
  }

  async *scan(): AsyncGenerator<ScanPage> {
    const { accountHistoryPrefix, versionPrefix, lastCommits } = this.keys;
    for await (const page of scanKeys(this.connection, `${accountHistoryPrefix}*`))
      yield* this.#histories(page.map((name) => name.slice(accountHistoryPrefix.length)));
    for await (const page of scanKeys(this.connection, `${versionPrefix}*`)) {
      const documents = page.map((name) => parseDocumentName(name.slice(versionPrefix.length)));
      yield { accounts: [], documents, configs: [] };
    }
    const found = await this.#reads.read(["HGETALL", lastCommits], (answer) => answer as string[]);
    yield { accounts: [], documents: [], configs: configsIn(found) };
  }

  async *#histories(accountIds: readonly string[]): AsyncGenerator<ScanPage> {
    const firsts = await this.connection.send(
      accountIds.map((id) => ["LRANGE", this.keys.accountHistory(id), 0, REVISIONS_PER_PAGE - 1]),
    );
    for (const [index, answer] of firsts.entries()) {
      if (answer instanceof Error) throw answer;
      let accounts: readonly AccountRevision[] = (answer as string[]).map(parseAccountRevision);
      yield { accounts, documents: [], configs: [] };
      while (accounts.length === REVISIONS_PER_PAGE) {
        const after = accounts.at(-1)?.account.version.sequence ?? 0;
        accounts = await this.#reads.accountHistory(accountIds[index] ?? "", after, REVISIONS_PER_PAGE);
        yield { accounts, documents: [], configs: [] };
      }
    }
  }

  async writes(key: DocumentKey, fromRevision: number, limit: number): Promise<ArchivedWrite[]> {
    const records = await this.#reads.writes(key, fromRevision, limit);
    return records.map((record) => ({ key, ...parseDocument(record) }));
  }

  blames(keys: readonly DocumentKey[]): Promise<(StoredBlame | undefined)[]> {
    return this.#reads.look(
      keys.map((key) => this.keys.blame(key)),
      (_, records) => records.map((record) => (record === null ? undefined : parseBlame(record))),
    );
  }

  changes(after: number, limit: number): Promise<Changes> {
    return this.#reads.changes(after, limit);
  }

  accountHistory(accountId: string, after: number, limit: number): Promise<AccountRevision[]> {
    return this.#reads.accountHistory(accountId, after, limit);
  }

  async close(): Promise<void> {
    this.connection.close();
  }
}

function notUpgraded(format: number): string {
  return (
    `The store in Redis has format ${format}, and this release exports ${REDIS_FORMAT}. A gateway of this release upgrades ` +
    "it while it runs; its log says when it has done so. Or export it with the older release."
  );
}

function configsIn(answer: readonly string[]): ArchivedConfig[] {
  return answer.flatMap((configId, index) =>
    index % 2 === 0 ? [{ on: "config" as const, configId, sequence: Number(answer[index + 1]) }] : [],
  );
}
