import { setTimeout as pause } from "node:timers/promises";
import type { Pieces } from "../../domain/pieces.js";
import type { CurrentSchemas, SchemaChange } from "../current-schemas.js";
import { loadInPieces, type SchemaRegistry } from "../schema-registry.js";
import { folderFingerprint } from "./folder-fingerprint.js";
import { type LostSchema, lostSchemas } from "./lost-schemas.js";
import { type FolderContent, readFolder } from "./schema-folder.js";

/** What came of a reload. Whatever it is, one whole registry is in force. */
export type Reload =
  | ({ readonly outcome: "replaced" } & SchemaChange)
  /** The folder's files are what they were. */
  | { readonly outcome: "unchanged" }
  /** The registry that was in force stays. */
  | { readonly outcome: "refused"; readonly reason: string; readonly lost: readonly LostSchema[] };

export interface SchemaReloaderOptions {
  readonly folder: string;
  readonly schemas: CurrentSchemas;
  /** Does the pieces of a load so that others have their turn between them. */
  readonly pieceByPiece: <T>(work: Pieces<T>) => Promise<T>;
}

const LOSS = "Schemas that are served now would not be served any more.";
/** How often a folder is read again that changes while it is read, and how long after. */
const TRIES = 20;
const PAUSE_MS = 100;

/** Loads the schema folder again while the gateway serves: a new registry is built aside, and put in force whole or not at all. */
export class SchemaReloader {
  /** The reload that runs, and the one that has not begun yet. */
  #running: Promise<unknown> = Promise.resolve();
  #waiting: Promise<Reload> | undefined;

  constructor(private readonly options: SchemaReloaderOptions) {}

  /** Rejects only where an observer throws. The folder is read after the call: calls that come during a reload share the next one. */
  reload(): Promise<Reload> {
    if (this.#waiting !== undefined) return this.#waiting;
    const begin = () => {
      this.#waiting = undefined;
      return this.#reload();
    };
    const next = this.#running.then(begin, begin);
    this.#waiting = next;
    this.#running = next;
    return next;
  }

  async #reload(): Promise<Reload> {
    const { schemas } = this.options;
    const registry = await this.#load().catch((error: Error) => error);
    if (registry === undefined) return { outcome: "unchanged" };
    if (registry instanceof Error) return { outcome: "refused", reason: registry.message, lost: [] };
    const lost = lostSchemas(schemas.registry, registry);
    if (lost.length > 0) return { outcome: "refused", reason: LOSS, lost };
    return { outcome: "replaced", ...schemas.replace(registry) };
  }

  /** Undefined: the folder holds what it held. */
  async #load(): Promise<SchemaRegistry | undefined> {
    const { folder, schemas, pieceByPiece } = this.options;
    const content = await readSettled(folder);
    return content.digest === schemas.registry.digest ? undefined : pieceByPiece(loadInPieces(content));
  }
}

/** Reads a folder of which no file changed meanwhile. @throws Error where it cannot be read, or does not come to rest */
async function readSettled(folder: string): Promise<FolderContent> {
  for (let tries = 0; tries < TRIES; tries++) {
    const before = await folderFingerprint(folder);
    const content = await readFolder(folder);
    if (before === (await folderFingerprint(folder))) return content;
    await pause(PAUSE_MS);
  }
  throw new Error(`The files of the schema folder changed each time that they were read, ${TRIES} times.`);
}
