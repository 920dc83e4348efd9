import { StrataError } from "../../domain/errors.js";
import type { AccountRecord, StoreReads } from "../store.js";
import { isBegun, openForReading, refuseUnfinished } from "./folder/lmdb-environment.js";
import { unusable } from "./folder/lmdb-errors.js";
import { checkFilesForReading, noStore } from "./folder/lmdb-files.js";
import { descendantsOf, lineageOf } from "./lmdb-accounts.js";
import type { Database } from "./lmdb-database.js";
import { documentOwners } from "./lmdb-index.js";
import { inheriting } from "./lmdb-inheriting.js";
import { changesAfter, changesBefore, configsOf, documentsOf, treeOf, versionsOf } from "./lmdb-records.js";
import { accountHistory } from "./past/lmdb-account-history.js";
import { documentHistory } from "./past/lmdb-history.js";
import { layersAfter, layersAt } from "./past/lmdb-past.js";

/**
 * The reads of a store's folder, without the folder's lock: a server may be writing in it.
 * @param folder an absolute path
 * @throws StrataError STORE_UNAVAILABLE naming the folder and the reason; nothing was made there
 */
export async function openLmdbReads(folder: string): Promise<StoreReads> {
  try {
    await checkFilesForReading(folder);
    const database = openForReading(folder);
    try {
      if (!isBegun(database, folder)) throw noStore(folder);
      refuseUnfinished(database, folder);
    } catch (error) {
      await database.close();
      throw error;
    }
    return readsOf(folder, database);
  } catch (error) {
    throw unusable(folder, error);
  }
}

function readsOf(folder: string, database: Database): StoreReads {
  /** LMDB shows one turn of the event loop one state; each call is to see the newest. */
  const read = async <T>(take: () => T): Promise<T> => {
    try {
      database.resetReadTxn();
      return take();
    } catch (error) {
      throw error instanceof StrataError ? error : unusable(folder, error);
    }
  };
  return {
    lineages: (accountIds) =>
      read(() => {
        const known = new Map<string, AccountRecord | undefined>();
        const lineages = accountIds.map((id) => lineageOf(database, id, known));
        return { tree: treeOf(database), lastDeletion: database.get("lastDeletion"), lineages };
      }),
    descendants: (of) => read(() => descendantsOf(database, of)),
    inheriting: (of) => read(() => inheriting(database, of)),
    layers: (targets, bodies) => read(() => configsOf(database, targets, bodies)),
    documents: (keys) => read(() => documentsOf(database, keys)),
    layersAt: (targets, moment, now) => read(() => layersAt(database, targets, moment, now)),
    layersAfter: (targets, sequence) => read(() => layersAfter(database, targets, sequence)),
    versions: (of) => read(() => versionsOf(database, of)),
    history: (of) => read(() => documentHistory(database, of)),
    accountHistory: (id, after, limit) => read(() => accountHistory(database, id, after, limit)),
    changes: (after, limit) => read(() => changesAfter(database, after, limit)),
    pastChanges: (before, limit) => read(() => changesBefore(database, before, limit)),
    documentOwners: (of) => read(() => documentOwners(database, of)),
    rootId: () => read(() => database.get("root")),
    close: () => database.close(),
  };
}
