import { resolve } from "node:path";
import { StrataError } from "../../domain/errors.js";
import type { ArchivedBlame, ArchivedWrite, ArchiveItem, ArchiveTarget, StorePosition } from "../archive.js";
import { blameRecordOf, documentBody, parseVersion, recordOf, versionOfRecord } from "../records.js";
import { type AccountRevision, originOf } from "../store.js";
import { type LmdbFolder, MAP_SIZE_BYTES, openFolder, putBeginning } from "./folder/lmdb-environment.js";
import { unusable } from "./folder/lmdb-errors.js";
import { dropAccount, putAccount, putCounts } from "./lmdb-accounts.js";
import type { Database } from "./lmdb-database.js";
import { indexDocument, passCommit } from "./lmdb-index.js";
import {
  incarnationOf,
  passDeletion,
  passTime,
  putChange,
  putDocument,
  sequenceOf,
  unfinishedImport,
} from "./lmdb-records.js";
import { versionOf } from "./lmdb-versions.js";
import { newestAccountSequence, putAccountRevision } from "./past/lmdb-account-history.js";
import { blameAt, blameKey, historyKey } from "./past/lmdb-history.js";

/**
 * A store's folder to be filled, made when it is not there. No server can have it meanwhile, nor another import.
 * @throws StrataError STORE_UNAVAILABLE naming the folder, the reason and what to do
 */
export async function openLmdbArchiveTarget(options: { readonly folder: string }): Promise<ArchiveTarget> {
  const folder = resolve(options.folder);
  return new LmdbArchiveTarget(folder, await openFolder({ folder, mapSizeBytes: MAP_SIZE_BYTES }, "import"));
}

class LmdbArchiveTarget implements ArchiveTarget {
  readonly #folder: string;
  readonly #lock: LmdbFolder["lock"];
  readonly #database: Database;

  constructor(folder: string, { lock, database }: LmdbFolder) {
    this.#folder = folder;
    this.#lock = lock;
    this.#database = database;
  }

  async isEmpty(): Promise<boolean> {
    return isEmpty(this.#database);
  }

  async unfinished(): Promise<string | undefined> {
    return unfinishedImport(this.#database);
  }

  async begin(name: string, clear: boolean): Promise<void> {
    this.#write((database) => {
      if (clear) database.clearSync();
      else if (!isEmpty(database) && unfinishedImport(database) !== name) throw this.#notEmpty();
      // An export that is under way sees by it that the store was replaced.
      putBeginning(database);
      database.put("import", name);
    });
  }

  async restore(items: readonly ArchiveItem[]): Promise<void> {
    this.#write((database) => {
      for (const item of items) {
        if (item.on === "account") restoreAccount(database, item);
        else if (item.on === "document") restoreWrite(database, item);
        else if (item.on === "blame") restoreBlame(database, item);
        else if (item.on === "change") putChange(database, item.change);
        else if (item.on === "config") passCommit(database, item.configId, item.sequence);
        else putCounts(database, item.accountId, item.counts);
      }
    });
  }

  async finish(sequence: number, dropped: number): Promise<StorePosition> {
    return this.#write((database) => {
      database.put("seq", String(sequence));
      database.put("dropped", String(dropped));
      database.remove("import");
      return { incarnation: incarnationOf(database), sequence, dropped };
    });
  }

  async close(): Promise<void> {
    await this.#database.close();
    await this.#lock.release();
  }

  /** All of it or nothing, and on disk at the end: nothing else runs in a process that imports. */
  #write<T>(put: (database: Database) => T): T {
    try {
      return this.#database.transactionSync(() => put(this.#database));
    } catch (error) {
      throw unusable(this.#folder, error);
    }
  }

  #notEmpty(): StrataError {
    return new StrataError("STORE_UNAVAILABLE", `The store in ${this.#folder} is not empty.`);
  }
}

function isEmpty(database: Database): boolean {
  return sequenceOf(database) === 0 && unfinishedImport(database) === undefined;
}

function restoreAccount(database: Database, revision: AccountRevision): void {
  const { account, kind, at = account.createdAt } = revision;
  passTime(database, at);
  const isNewest = newestAccountSequence(database, account.id) <= account.version.sequence;
  putAccountRevision(database, revision);
  if (kind === "DELETE") passDeletion(database, account.id, at);
  if (!isNewest) return;
  if (kind === "DELETE") dropAccount(database, account.id);
  else putAccount(database, account);
}

function restoreWrite(database: Database, write: ArchivedWrite): void {
  const { key, version, text, kind, at, restoredFrom } = write;
  const record = recordOf(version, documentBody({ kind, ...originOf(write), restoredFrom }, text));
  passTime(database, at);
  passCommit(database, key.configId, version.sequence);
  if ((versionOf(database, key)?.revision ?? 0) <= version.revision) {
    putDocument(database, key, record, version);
    indexDocument(database, key, text !== undefined);
  }
  database.put(historyKey(key, version.revision), record);
}

function restoreBlame(database: Database, { key, version, text }: ArchivedBlame): void {
  const known = parseVersion(versionOfRecord(blameAt(database, key) ?? "0"));
  if (known.revision <= version.revision)
    database.put(blameKey(key), blameRecordOf(version, undefined, text));
}
