import { type Key, open } from "lmdb";
import { StrataError } from "../../../domain/errors.js";
import type { StoreNotice } from "../../store-notice.js";
import { type Database, randomToken } from "../lmdb-database.js";
import { FORMAT, unfinishedImport } from "../lmdb-records.js";
import { removeLeft } from "../past/lmdb-left-histories.js";
import { type FolderLock, lockFolder } from "./folder-lock.js";
import { commitErrorOf, unusable } from "./lmdb-errors.js";
import { checkFiles, damaged, makeFolder } from "./lmdb-files.js";
import { UPGRADED_FORMAT, upgradeStore } from "./lmdb-upgrade.js";

/** Address space reserved for the data file unless another size is asked for. */
export const MAP_SIZE_BYTES = 2 ** 30;

/** A store's folder that this process has for itself. */
export interface LmdbFolder {
  readonly lock: FolderLock;
  readonly database: Database;
}

/**
 * Makes the folder if need be, locks it, checks what is in it and opens that.
 * @throws StrataError STORE_UNAVAILABLE naming the folder, the reason and what to do; so does, for serving, a store into
 * which an import was begun and not finished
 */
export async function openFolder(
  settings: {
    readonly folder: string;
    readonly mapSizeBytes: number;
    readonly onNotice?: (notice: StoreNotice) => void;
  },
  purpose: "serve" | "import",
): Promise<LmdbFolder> {
  const { folder } = settings;
  let lock: FolderLock | undefined;
  try {
    await makeFolder(folder);
    lock = await lockFolder(folder);
    await checkFiles(folder);
    const database = openDatabase(settings);
    try {
      await prepare(database, settings);
      if (purpose === "serve") refuseUnfinished(database, folder);
      else await removeLeft(database);
    } catch (error) {
      await database.close();
      throw error;
    }
    return { lock, database };
  } catch (error) {
    await lock?.release();
    throw unusable(folder, error);
  }
}

export function openDatabase({ folder, mapSizeBytes }: { folder: string; mapSizeBytes: number }): Database {
  const settings = {
    path: folder,
    // The folder stays a folder even where its name has a dot in it.
    noSubdir: false,
    encoding: "string" as const,
    // Otherwise readers would see a commit before it is on disk.
    overlappingSync: false,
    // Otherwise a failed commit rejects a promise of LMDB's own that nobody can handle, and the process ends.
    eventTurnBatching: false,
    // Large at once, so that the map need not move while somebody reads in it.
    mapSize: mapSizeBytes,
    permissionsMode: 0o600,
  };
  return open<string, Key>(settings);
}

/**
 * Opens it to read alone, beside whoever may be writing; it takes no lock and makes nothing. Opening takes readers off the list
 * whose processes were killed.
 */
export function openForReading(folder: string): Database {
  return open<string, Key>({
    path: folder,
    noSubdir: false,
    encoding: "string",
    readOnly: true,
    mapSize: MAP_SIZE_BYTES,
  });
}

/** Makes a new store, or makes sure that this release understands the one that is there, if need be by upgrading it. */
async function prepare(
  database: Database,
  { folder, onNotice = () => {} }: { folder: string; onNotice?: (notice: StoreNotice) => void },
): Promise<void> {
  if (isUpgradable(database)) await upgradeStore(database, folder, onNotice);
  if (isBegun(database, folder)) return;
  if (database.getKeysCount({ limit: 1 }) > 0) throw damaged(folder, "it holds data that is not Strata's");
  await initialize(database);
}

/**
 * Whether there is a store at all.
 * @throws StrataError STORE_UNAVAILABLE when another release wrote it, whose stores this one does not understand
 */
export function isBegun(database: Database, folder: string): boolean {
  const format = database.get("format");
  if (format === undefined || Number(format) === FORMAT) return format !== undefined;
  if (isUpgradable(database))
    throw new StrataError(
      "STORE_UNAVAILABLE",
      `The store folder ${folder} was written by an older Strata: its format is ${format}, and this release reads ` +
        `${FORMAT}. Start this release's server on it once, which upgrades it, or use the older release; it was left as it is.`,
    );
  if (Number(format) < FORMAT)
    throw new StrataError(
      "STORE_UNAVAILABLE",
      `The store folder ${folder} was written by an older Strata: its format is ${format}, and this release reads ` +
        `${FORMAT}. Export it with the older release, and import that into an empty folder; it was left as it is.`,
    );
  throw new StrataError(
    "STORE_UNAVAILABLE",
    `The store folder ${folder} was written by a newer Strata: its format is ${format}, this release knows up to ` +
      `${FORMAT}. Start the newer release, or give this one another folder; the store was left as it is.`,
  );
}

function isUpgradable(database: Database): boolean {
  return database.get("format") === String(UPGRADED_FORMAT);
}

/** Half of a store is not served: nobody could tell it from the whole. */
export function refuseUnfinished(database: Database, folder: string): void {
  if (unfinishedImport(database) === undefined) return;
  throw new StrataError(
    "STORE_UNAVAILABLE",
    `The store folder ${folder} cannot be used: an import into it was begun and not finished. Run the import again ` +
      "with the same file, or import another one with --replace.",
  );
}

async function initialize(database: Database): Promise<void> {
  try {
    await database.childTransaction(() => putBeginning(database));
  } catch (error) {
    throw await commitErrorOf(error);
  }
}

/** Begins a new life of the store, in a transaction: nobody takes it for the one before. */
export function putBeginning(database: Database): void {
  database.put("format", String(FORMAT));
  database.put("incarnation", randomToken());
  database.put("tree", randomToken());
  database.put("seq", "0");
}
