import { type OverrideChange, overrideChanges } from "../../domain/change/override-change.js";
import { StrataError } from "../../domain/errors.js";
import type { JsonObject } from "../../domain/json/json.js";
import type { Visibility } from "../../domain/merge/visibility.js";
import type { DocumentRevision } from "../../store/store.js";
import { historyCursor, parseHistoryCursor } from "../history-cursor.js";
import { checkPageSize } from "../page-size.js";
import { pieceByPiece, yieldToEventLoop } from "../yield-to-event-loop.js";
import type { ConfigSnapshot } from "./config-snapshot.js";
import type { RequestReader } from "./request-reader.js";
import { visibleContent } from "./visible-layer.js";

export interface HistoryWanted {
  /** How many revisions, at most. */
  readonly first: number;
  /** A cursor: only what comes behind it. */
  readonly after?: string | undefined;
}

/** Some revisions of a config's own document, newest first. */
export interface HistoryPage {
  readonly edges: readonly { readonly cursor: string; readonly revision: VisibleRevision }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** How many revisions one page may have. */
export const HISTORY_PAGE_LIMIT = 1_000;
/** Bytes that are read at once, and for one page. */
const CALL_BYTES = 2 ** 18;
const PAGE_BYTES = 8 * 2 ** 20;

/** One revision through today's visibility (R5). */
export class VisibleRevision {
  #visible: { readonly document: JsonObject | undefined } | undefined;

  constructor(
    readonly written: DocumentRevision,
    /** The revision before it; undefined: none, or none that is kept. */
    private readonly previous: VisibleRevision | undefined,
    private readonly visibility: Visibility,
  ) {}

  /** Undefined when nothing was stored, or nothing that is visible; empty: there were only constraints. */
  get document(): JsonObject | undefined {
    const { visibility } = this;
    this.#visible ??= { document: visibleContent(this.written, { visibility })?.document };
    return this.#visible.document;
  }

  /** Against the revision before it. Where that is no longer kept nobody knows: none are told. */
  async changes(): Promise<OverrideChange[]> {
    const isFirst = this.written.version.revision === 1;
    if (this.previous === undefined && !isFirst) return [];
    await yieldToEventLoop();
    const before = this.previous?.document;
    await yieldToEventLoop();
    const after = this.document;
    await yieldToEventLoop();
    return pieceByPiece(overrideChanges(before, after));
  }
}

/**
 * One page of the history of a config's own document, up to the revision that the snapshot shows.
 * @throws StrataError BAD_USER_INPUT for a page that is too large (limit `pageSize`) and for a cursor of something else;
 * QUERY_TOO_COMPLEX (limit `response`) for too much text; STORE_UNAVAILABLE
 */
export async function historyPage(
  { keys: [key], versions: [version], perspective }: ConfigSnapshot,
  { first, after }: HistoryWanted,
  reader: RequestReader,
): Promise<HistoryPage> {
  checkPageSize(first, HISTORY_PAGE_LIMIT, "revisions", "/first");
  if (key === undefined) throw new Error("a config has at least the layer that is its own");
  const behind = after === undefined ? undefined : parseHistoryCursor(key, after);
  const hasPreviousPage = behind !== undefined;
  if (version === undefined) return { edges: [], hasNextPage: false, hasPreviousPage };
  const found: DocumentRevision[] = [];
  let before = Math.min(version.revision + 1, behind ?? Number.MAX_SAFE_INTEGER);
  // One more: it tells whether there are more, and what the last one changed.
  for (let left = PAGE_BYTES; found.length <= first; left -= CALL_BYTES) {
    if (left <= 0) throw tooMuch();
    const { revisions, oldest = 0 } = await reader.history({
      key,
      before,
      limit: first + 1 - found.length,
      bytes: CALL_BYTES,
    });
    await yieldToEventLoop();
    // What is younger is of another account that has the id by now.
    found.push(...revisions.filter((revision) => revision.version.sequence <= version.sequence));
    before = revisions.at(-1)?.version.revision ?? 0;
    if (before <= oldest) break;
  }
  let revision: VisibleRevision | undefined;
  const revisions = found
    .toReversed()
    .map((written) => {
      revision = new VisibleRevision(written, revision, perspective.visibility);
      return revision;
    })
    .toReversed();
  const edges = revisions.slice(0, first).map((each) => ({
    cursor: historyCursor(key, each.written.version.revision),
    revision: each,
  }));
  return { edges, hasNextPage: found.length > first, hasPreviousPage };
}

function tooMuch(): StrataError {
  return new StrataError(
    "QUERY_TOO_COMPLEX",
    "So many revisions are too much for one answer: ask for fewer.",
    {
      limit: "response",
    },
  );
}
