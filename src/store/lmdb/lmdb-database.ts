import { randomBytes } from "node:crypto";
import type { Key, RootDatabase } from "lmdb";

/** Text under ordered keys. */
export type Database = RootDatabase<string, Key>;

/** What no other commit has, and no other life of a store. */
export function randomToken(): string {
  return randomBytes(12).toString("base64url");
}
