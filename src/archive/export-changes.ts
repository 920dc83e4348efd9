import { StrataError } from "../domain/errors.js";
import type { ArchivedWrite, ArchiveSource, Position } from "../store/archive.js";
import { type Change, sameVersion, type Version } from "../store/store.js";
import type { ExportWriter } from "./export-writer.js";

const CHANGES_AT_ONCE = 500;
const WRITES_AT_ONCE = 16;

/** Commits after a start, up to an end. */
export interface Span {
  readonly start: Position;
  readonly end: Position;
  /** The commit at the start, if it can still be told: it has to be the same one in the end. */
  readonly anchor: Change | undefined;
}

/**
 * Writes down every commit of a span, as the feed tells it: a document's write is looked up by its revision, an account is
 * as the event has it.
 * @param step called now and then
 * @throws StrataError STORE_UNAVAILABLE when the feed no longer has all of them, and when they are not those of the
 * store's life that the span began in
 */
export async function exportChanges(
  source: ArchiveSource,
  { start, end, anchor }: Span,
  writer: ExportWriter,
  step: () => void,
): Promise<void> {
  let after = start.sequence;
  if (anchor !== undefined) await checkAnchor(source, anchor);
  while (after < end.sequence) {
    const { changes } = await source.changes(after, Math.min(CHANGES_AT_ONCE, end.sequence - after));
    if (changes === undefined) throw feedLost();
    if (changes.length === 0) throw replaced();
    for (let at = 0; at < changes.length; at += WRITES_AT_ONCE) {
      step();
      const some = changes.slice(at, at + WRITES_AT_ONCE);
      const writes = await Promise.all(some.map((change) => writeOf(source, change)));
      for (const [index, change] of some.entries()) {
        const write = writes[index];
        if (versionIn(change).sequence !== ++after) throw feedLost();
        if (change.on === "account") await writer.item(change);
        else if (write !== undefined) await writer.item({ on: "document", ...write });
      }
    }
  }
}

async function checkAnchor(source: ArchiveSource, anchor: Change): Promise<void> {
  const version = versionIn(anchor);
  const found = await changeAt(source, version.sequence);
  if (found === undefined) throw feedLost();
  if (!sameVersion(versionIn(found), version)) throw replaced();
}

async function writeOf(source: ArchiveSource, change: Change): Promise<ArchivedWrite | undefined> {
  if (change.on === "account") return undefined;
  const [write] = await source.writes(change.key, change.version.revision, 1);
  if (!sameVersion(write?.version, change.version)) throw replaced();
  return write;
}
/** The commit of this sequence, as the feed tells it; undefined when there is none, or it is no longer kept. */
export async function changeAt(source: ArchiveSource, sequence: number): Promise<Change | undefined> {
  if (sequence === 0) return undefined;
  const { changes } = await source.changes(sequence - 1, 1);
  return changes?.[0];
}

function versionIn(change: Change): Version {
  return change.on === "document" ? change.version : change.account.version;
}

export function replaced(): StrataError {
  return new StrataError(
    "STORE_UNAVAILABLE",
    "The store became another one while it was copied: something was imported into it, or a failover lost commits. " +
      "Run the export again.",
  );
}

function feedLost(): StrataError {
  return new StrataError(
    "STORE_UNAVAILABLE",
    "While the store was copied, more was written into it than its feed of changes keeps. Run the export again when " +
      "less is written.",
  );
}
