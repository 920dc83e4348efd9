import type { Key } from "lmdb";
import { ownerOf, parseVersion } from "../records.js";
import type { DocumentKey, Version } from "../store.js";
import type { Database } from "./lmdb-database.js";

/** The version of each document. It has a key of its own, so that asking for it does not read the document. */
export const versionKey = (key: DocumentKey): Key => ["v", ownerOf(key), key.configId];

export function versionOf(database: Database, key: DocumentKey): Version | undefined {
  const text = database.get(versionKey(key));
  return text === undefined ? undefined : parseVersion(text);
}

/** What a kind of entry has of one owner. A config id is never empty, nor does one begin with what comes last. */
export function ownedBy(part: string, owner: string): { start: Key; end: Key } {
  return { start: [part, owner, ""], end: [part, owner, "\x7f"] };
}

/** The config id of an entry that an owner has. */
export function configIdIn(key: Key | undefined): string {
  return Array.isArray(key) ? String(key[2]) : "";
}
