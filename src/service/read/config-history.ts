import { StrataError } from "../../domain/errors.js";
import type { JsonObject } from "../../domain/json.js";
import { type OverrideChange, overrideChanges } from "../../domain/override-change.js";
import { type Visibility, visiblePart } from "../../domain/visibility.js";
import type { DocumentRevision } from "../../store/store.js";
import { historyCursor, parseHistoryCursor } from "../history-cursor.js";
import { yieldToEventLoop } from "../yield-to-event-loop.js";
import type { ConfigSnapshot } from "./config-snapshot.js";
import type { RequestReader } from "./request-reader.js";

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
const CALL_BYTES = 2 ** 20;
const PAGE_BYTES = 8 * 2 ** 20;

/** One revision through today's visibility (R5). */
export class VisibleRevision {
  constructor(
    readonly written: DocumentRevision,
    /** The revision before it; undefined: none, or none that is kept. */
    private readonly previous: DocumentRevision | undefined,
    private readonly visibility: Visibility,
  ) {}

  /** Undefined when nothing was stored, or nothing that is visible. */
  get document(): JsonObject | undefined {
    return this.#visible(this.written);
  }

  /** Against the revision before it. Where that is no longer kept nobody knows: none are told. */
  get changes(): OverrideChange[] {
    const isFirst = this.written.version.revision === 1;
    if (this.previous === undefined && !isFirst) return [];
    return overrideChanges(this.previous && this.#visible(this.previous), this.document);
  }

  #visible({ override }: DocumentRevision): JsonObject | undefined {
    return override && visiblePart(override, this.visibility);
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
  checkFirst(first);
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
  const edges = found.slice(0, first).map((revision, index) => ({
    cursor: historyCursor(key, revision.version.revision),
    revision: new VisibleRevision(revision, found[index + 1], perspective.visibility),
  }));
  return { edges, hasNextPage: found.length > first, hasPreviousPage };
}

function checkFirst(first: number): void {
  if (first >= 0 && first <= HISTORY_PAGE_LIMIT) return;
  throw new StrataError(
    "BAD_USER_INPUT",
    `A page has 0 to ${HISTORY_PAGE_LIMIT.toLocaleString("en")} revisions.`,
    { pointer: "/first", limit: "pageSize" },
  );
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
