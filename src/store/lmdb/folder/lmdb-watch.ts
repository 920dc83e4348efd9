import { type Stats, statSync } from "node:fs";
import { StrataError } from "../../../domain/errors.js";
import type { StoreNotice } from "../../store-notice.js";
import type { Database } from "../lmdb-database.js";
import { dataFile, readersFile } from "./lmdb-files.js";

/** A folder that is gone is noticed within this, also where nobody writes. */
const LOOK_EVERY_MS = 5_000;

interface WatchOptions {
  readonly folder: string;
  /** How often the readers of processes that have ended are taken off the list. */
  readonly readerCheckMs: number;
  readonly onNotice: (notice: StoreNotice) => void;
  /** The environment in use; undefined: there is none at the moment. */
  readonly database: () => Database | undefined;
}

/**
 * Whether writes are taken and kept: how the last one ended, and whether the files that are written to are still those
 * that have their names. Somebody may have deleted or replaced the folder: what is written into a file without a name is gone
 * with the process.
 */
export class LmdbWatch {
  readonly #options: WatchOptions;
  readonly #paths: readonly string[];
  readonly #files: readonly (string | undefined)[];
  readonly #timers: readonly NodeJS.Timeout[];
  #loss: string | undefined;
  #failure: string | undefined;

  /** To be made once the files are open. */
  constructor(options: WatchOptions) {
    this.#options = options;
    this.#paths = [dataFile(options.folder), readersFile(options.folder)];
    this.#files = this.#paths.map(identityOf);
    this.#checkReaders();
    this.#timers = [
      setInterval(() => this.loss(), LOOK_EVERY_MS).unref(),
      setInterval(() => this.#checkReaders(), options.readerCheckMs).unref(),
    ];
  }

  /** Why no write is taken, as far as is known; undefined: they are. */
  get obstacle(): string | undefined {
    return this.#loss ?? this.#failure;
  }

  /** Looks whether the files are still there. @returns why nothing that is written now would be kept */
  loss(): StrataError | undefined {
    const before = this.obstacle;
    const at = this.#paths.findIndex((path, index) => isAnother(this.#files[index], path));
    this.#loss = at < 0 ? undefined : lossOf(this.#options.folder, this.#paths[at] ?? "");
    this.#tell(before);
    return this.#loss === undefined ? undefined : new StrataError("STORE_UNAVAILABLE", this.#loss);
  }

  failed(cause: Error): void {
    const before = this.obstacle;
    this.#failure = cause.message;
    this.#tell(before);
  }

  succeeded(): void {
    if (this.#failure === undefined) return;
    const before = this.obstacle;
    this.#failure = undefined;
    this.#tell(before);
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** As long as the list has the reader of a process that was killed, the pages that it read are never used again. */
  #checkReaders(): void {
    try {
      this.#options.database()?.readerCheck();
    } catch {
      // The environment may be between two lives; the next time will do.
    }
  }

  #tell(before: string | undefined): void {
    const { onNotice, folder } = this.#options;
    const now = this.obstacle;
    if (now === before) return;
    if (now !== undefined) onNotice({ level: "error", message: `No writes are taken: ${now}` });
    else onNotice({ level: "info", message: `The store folder ${folder} takes writes again.` });
  }
}

function lossOf(folder: string, path: string): string {
  return (
    `The store folder ${folder} was deleted or replaced while it was in use: ${path} is not the file that this process ` +
    "writes to. Put the files back where they were, or restart the server to go on with those that are there now."
  );
}

/** Undefined: it cannot be told. */
function identityOf(path: string): string | undefined {
  const found = look(path);
  return typeof found === "object" ? `${found.dev} ${found.ino}` : undefined;
}

/** A file that cannot be examined may still be there. */
function isAnother(file: string | undefined, path: string): boolean {
  const found = look(path);
  if (file === undefined || found === "unseen") return false;
  return found === "gone" || `${found.dev} ${found.ino}` !== file;
}

function look(path: string): Stats | "gone" | "unseen" {
  try {
    return statSync(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "ENOENT" || code === "ENOTDIR" ? "gone" : "unseen";
  }
}
