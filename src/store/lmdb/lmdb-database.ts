import { randomBytes } from "node:crypto";
import type { Key, RootDatabase } from "lmdb";

/** Text under ordered keys. */
export type Database = RootDatabase<string, Key>;

/** A text that is unique to a commit, or to one life of a store. */
export function randomToken(): string {
  return randomBytes(12).toString("base64url");
}
