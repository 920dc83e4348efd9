import { type BlamedDocument, blameOfRevisions, parseBlameText } from "../../domain/change/blame.js";
import type { JsonObject } from "../../domain/json/json.js";
import {
  type DocumentHistory,
  type DocumentKey,
  type DocumentRevision,
  type HistoryOf,
  type StoredDocument,
  sameVersion,
  type Version,
} from "../../store/store.js";
import { yieldToEventLoop } from "../yield-to-event-loop.js";

type ReadHistory = (of: HistoryOf) => Promise<DocumentHistory>;

/** How far back a history is read to find out who put what: a multiple of what is kept by default. */
const MOST = { revisions: 10_000, bytes: 4 * 2 ** 20 } as const;
const PAGE = { limit: 500, bytes: 2 ** 18 } as const;

/**
 * A document with its blame. Where the blame is of an older version (an older release wrote the document), or is not
 * known at all, it is derived from the history: from the blame of that version on, or from the oldest revision that is known.
 * @returns undefined where the document was removed
 */
export async function blamedDocument(
  readHistory: ReadHistory,
  key: DocumentKey,
  { version, override, updatedAt, updatedBy, note, blame }: StoredDocument,
): Promise<BlamedDocument | undefined> {
  if (override === undefined) return undefined;
  const known = blame && parseBlameText(blame.text);
  if (known !== undefined && sameVersion(blame?.version, version)) {
    const commit = { revision: version.revision, at: updatedAt, by: updatedBy, note };
    return { document: override, commit, blame: known };
  }
  const base = known && blame && { version: blame.version, blame: known };
  return derivedBlame(readHistory, key, version, base);
}

/** What is known of an older version of the document. */
interface Base {
  readonly version: Version;
  readonly blame: BlamedDocument["blame"];
}

/** A document with the blame that follows from its history. */
export interface DerivedBlame extends BlamedDocument {
  /**
   * The oldest revision that is kept, where there were older ones: what it holds may have been put by one of those, so that
   * nobody knows who put it.
   */
  readonly standsForOlder?: number;
}

/** The document of a version, with the blame that follows from its history; undefined: that is not there, or not any more. */
export async function derivedBlame(
  readHistory: ReadHistory,
  key: DocumentKey,
  version: Version,
  base?: Base,
): Promise<DerivedBlame | undefined> {
  const revisions: DocumentRevision[] = [];
  let before = version.revision + 1;
  for (let left: number = MOST.bytes; left > 0 && revisions.length < MOST.revisions; left -= PAGE.bytes) {
    const page = await readHistory({ key, before, ...PAGE });
    await yieldToEventLoop();
    for (const revision of page.revisions) {
      // Under the same key another account's document may be by now.
      if (revisions.length === 0 && !sameVersion(revision.version, version)) return undefined;
      if (base !== undefined && sameVersion(revision.version, base.version))
        return replayed(blamedBy(revision, base), revisions);
      revisions.push(revision);
    }
    before = page.revisions.at(-1)?.version.revision ?? 0;
    if (before <= (page.oldest ?? 0)) break;
  }
  const derived = await replayed(undefined, revisions);
  const oldest = revisions.at(-1)?.version.revision ?? 1;
  return derived && (oldest > 1 ? { ...derived, standsForOlder: oldest } : derived);
}

function blamedBy(revision: DocumentRevision, { blame }: Base): BlamedDocument | undefined {
  const { document, ...commit } = blamedRevision(revision);
  return document && { document, commit, blame };
}

async function replayed(
  base: BlamedDocument | undefined,
  newestFirst: readonly DocumentRevision[],
): Promise<BlamedDocument | undefined> {
  let blamed = base;
  for (const revision of newestFirst.toReversed()) {
    await yieldToEventLoop();
    blamed = blameOfRevisions(blamed, [blamedRevision(revision)]);
  }
  return blamed;
}

function blamedRevision({ version, at, by, note, override }: DocumentRevision): {
  revision: number;
  at: string;
  by: string;
  note?: string | undefined;
  document: JsonObject | undefined;
} {
  return { revision: version.revision, at, by, note, document: override };
}
