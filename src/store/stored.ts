import type { JsonObject } from "../domain/json/json.js";
import type { Constraint } from "../domain/merge/constraint.js";
import { resellerLineage } from "../domain/reseller.js";

/** Where a document lives: with an account, or (no account) in the system layer. */
export interface DocumentKey {
  readonly accountId: string | undefined;
  readonly configId: string;
}

/**
 * What the store compares, whole. `revision` counts the writes of one document, also across removals; `sequence` is the
 * commit's place among all commits; the nonce tells two commits apart that a failover gave the same numbers.
 */
export interface Version {
  readonly revision: number;
  readonly sequence: number;
  readonly nonce: string;
}

export function sameVersion(a: Version | undefined, b: Version | undefined): boolean {
  return a?.revision === b?.revision && a?.sequence === b?.sequence && a?.nonce === b?.nonce;
}

/** What a layer has stored for one config. */
export interface DocumentContent {
  /**
   * Undefined: the document was removed; its version alone lives on, so that no revision is used twice. Empty: it has
   * nothing but constraints.
   */
  readonly override: JsonObject | undefined;
  /** What it says to the layers above, by pointer (R17). Absent: nothing. */
  readonly constraints?: readonly Constraint[];
  /** Pointers of leaves of the override that it keeps though its parent has the same (R18). Absent: none. */
  readonly pins?: readonly string[];
}

export interface StoredDocument extends DocumentContent {
  readonly version: Version;
  /** RFC 3339, UTC. */
  readonly updatedAt: string;
  /** The subject of the principal who wrote it. */
  readonly updatedBy: string;
  readonly note?: string | undefined;
  /** Where it was asked for, and is known. */
  readonly blame?: StoredBlame;
}

/** Who put each value of a document, as text that the store does not look into (`src/domain/change/blame.ts`). */
export interface StoredBlame {
  /**
   * Of the document that it tells of. An older release writes documents without it: then this is the version of a document
   * from before.
   */
  readonly version: Version;
  readonly text: string;
}

export interface AccountRecord {
  readonly id: string;
  readonly name: string;
  /** Undefined for the root alone. */
  readonly parentId: string | undefined;
  readonly isReseller: boolean;
  /** The time of the commit that created it. */
  readonly createdAt: string;
  /**
   * The first second, since the epoch, whose tokens are for this account: earlier ones may be for another account that had
   * its id. Absent: the second of `createdAt`.
   */
  readonly tokensFrom?: number;
  readonly version: Version;
}

/** One token for the whole tree of accounts: it changes when an account moves or its reseller flag does. */
export type TreeToken = string;
export type Lineage = readonly [AccountRecord, ...AccountRecord[]];

/** Accounts on the way from the root to the deepest, both counted. */
export const TREE_DEPTH = 32;

/** The state that a store is in: one life of it, and how many commits that life has seen. */
export interface Position {
  /** Another one after an import. */
  readonly incarnation: string;
  /** The sequence of the newest commit. */
  readonly sequence: number;
}

export interface VersionsOf {
  readonly accounts: readonly string[];
  readonly documents: readonly DocumentKey[];
}
/** Read at a position. */
export interface Versions extends Position {
  readonly tree: TreeToken;
  readonly accounts: readonly (Version | undefined)[];
  readonly documents: readonly (Version | undefined)[];
}

/** Where the layers of a config are stored (R1): the account's, its reseller's, the system's. */
export function documentKeys(lineage: Lineage | undefined, configId: string): DocumentKey[] {
  const system: DocumentKey = { accountId: undefined, configId };
  if (lineage === undefined) return [system];
  const reseller = resellerLineage(lineage);
  const own: DocumentKey = { accountId: lineage[0].id, configId };
  return reseller === undefined ? [own, system] : [own, { accountId: reseller[0].id, configId }, system];
}

/** A key as text, another one for each: what names of things remembered are made of. */
export function keyText({ accountId, configId }: DocumentKey): string {
  return `${accountId ?? ""}/${configId}`;
}

/** A version as text: what stores compare, and what cache keys are made of. */
export function versionText(version: Version | undefined): string {
  return version === undefined ? "-" : `${version.revision}.${version.sequence}.${version.nonce}`;
}
