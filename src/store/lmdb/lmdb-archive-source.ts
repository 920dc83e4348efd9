import { resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Key } from "lmdb";
import { StrataError } from "../../domain/errors.js";
import type { ArchivedConfig, ArchivedWrite, ArchiveSource, ScanPage, StorePosition } from "../archive.js";
import { keyOf, parseAccountRevision, parseBlame, parseDocument } from "../records.js";
import type { AccountRevision, Changes, DocumentKey, StoredBlame } from "../store.js";
import { isBegun, openForReading, refuseUnfinished } from "./folder/lmdb-environment.js";
import { unusable } from "./folder/lmdb-errors.js";
import { checkFilesForReading, noStore } from "./folder/lmdb-files.js";
import type { Database } from "./lmdb-database.js";
import { LAST_KEYS } from "./lmdb-index.js";
import { changesAfter, droppedOf, incarnationOf, sequenceOf } from "./lmdb-records.js";
import { versionKey } from "./lmdb-versions.js";
import { accountHistory, HISTORY_KEYS } from "./past/lmdb-account-history.js";
import { blameAt, historyKey, revisionsOf } from "./past/lmdb-history.js";

const PAGE = 500;
/** Comes after every id, and after the owner of the system layer. */
const LAST = "\x7f";

/**
 * A store's folder to copy from: read-only and without the folder's lock, so that a server may be writing in it.
 * @throws StrataError STORE_UNAVAILABLE naming the folder and the reason; nothing was made there
 */
export async function openLmdbArchiveSource(options: { readonly folder: string }): Promise<ArchiveSource> {
  const folder = resolve(options.folder);
  try {
    await checkFilesForReading(folder);
    const database = openForReading(folder);
    const source = new LmdbArchiveSource(folder, database);
    await source.position().catch(async (error) => {
      await database.close();
      throw error;
    });
    return source;
  } catch (error) {
    throw unusable(folder, error);
  }
}

class LmdbArchiveSource implements ArchiveSource {
  readonly #folder: string;
  readonly #database: Database;

  constructor(folder: string, database: Database) {
    this.#folder = folder;
    this.#database = database;
  }

  async position(): Promise<StorePosition> {
    return this.#read((database) => {
      if (!isBegun(database, this.#folder)) throw noStore(this.#folder);
      refuseUnfinished(database, this.#folder);
      const [sequence, dropped] = [sequenceOf(database), droppedOf(database)];
      return { incarnation: incarnationOf(database), sequence, dropped };
    });
  }

  /** Nothing here waits for anything, so each page lets signals and streams have their turn. */
  async *scan(): AsyncGenerator<ScanPage> {
    for await (const page of this.#pages(HISTORY_KEYS))
      yield { accounts: page.map(({ value }) => parseAccountRevision(value)), documents: [], configs: [] };
    const versions = { start: versionKey(keyOf("", "")), end: versionKey(keyOf(LAST, "")) };
    for await (const page of this.#pages(versions))
      yield { accounts: [], documents: page.map(({ key }) => documentKeyIn(key)), configs: [] };
    for await (const page of this.#pages(LAST_KEYS))
      yield { accounts: [], documents: [], configs: page.map(configIn) };
  }

  async *#pages({ start, end }: { start: Key; end: Key }): AsyncGenerator<{ key: Key; value: string }[]> {
    for (let last = start, isFull = true; isFull; ) {
      const page = this.#page((database) => database.getRange(pageAfter(last, end)));
      yield page;
      await setImmediate();
      last = page.at(-1)?.key ?? last;
      isFull = page.length === PAGE;
    }
  }

  async writes(key: DocumentKey, fromRevision: number, limit: number): Promise<ArchivedWrite[]> {
    const start = historyKey(key, fromRevision);
    const records = this.#page((database) =>
      database.getRange({ start, end: revisionsOf(database, key).end, limit }),
    );
    return records.map(({ value }) => ({ key, ...parseDocument(value) }));
  }

  async blames(keys: readonly DocumentKey[]): Promise<(StoredBlame | undefined)[]> {
    return this.#read((database) =>
      keys.map((key) => {
        const record = blameAt(database, key);
        return record === undefined ? undefined : parseBlame(record);
      }),
    );
  }

  async changes(after: number, limit: number): Promise<Changes> {
    return this.#read((database) => changesAfter(database, after, limit));
  }

  async accountHistory(accountId: string, after: number, limit: number): Promise<AccountRevision[]> {
    return this.#read((database) => accountHistory(database, accountId, after, limit));
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  #page<T>(take: (database: Database) => Iterable<T>): T[] {
    return this.#read((database) => [...take(database)]);
  }

  /**
   * LMDB shows one turn of the event loop one state; each call is to see the newest. At the turn's end it lets go of it:
   * as long as somebody holds an old state, the process that writes cannot use its pages again.
   */
  #read<T>(take: (database: Database) => T): T {
    try {
      this.#database.resetReadTxn();
      return take(this.#database);
    } catch (error) {
      throw unusable(this.#folder, error);
    }
  }
}

function pageAfter(last: Key, end: Key): { start: Key; exclusiveStart: true; end: Key; limit: number } {
  return { start: last, exclusiveStart: true, end, limit: PAGE };
}

function configIn({ key, value }: { key: Key; value: string }): ArchivedConfig {
  const [, configId] = Array.isArray(key) ? key : [];
  return { on: "config", configId: String(configId), sequence: Number(value) };
}

function documentKeyIn(key: Key): DocumentKey {
  const [, owner, configId] = Array.isArray(key) ? key : [];
  if (typeof owner !== "string" || typeof configId !== "string")
    throw new StrataError("STORE_UNAVAILABLE", "The store is damaged: a document's key cannot be read.");
  return keyOf(owner, configId);
}
