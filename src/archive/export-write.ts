import { StrataError } from "../domain/errors.js";
import type { ArchivedWrite, ArchiveSource } from "../store/archive.js";
import { type DocumentKey, type StoredBlame, sameVersion } from "../store/store.js";
import type { ExportWriter } from "./export-writer.js";
import { nameOf } from "./verified-export.js";

/**
 * Writes down one write of a document, the blame with it where that is of this write, and before it that revisions are no
 * longer kept, where some are missing: the oldest go while a store is copied.
 * @throws StrataError STORE_UNAVAILABLE where others than the oldest are missing
 */
export async function exportWrite(
  source: ArchiveSource,
  writer: ExportWriter,
  write: ArchivedWrite,
  blame: StoredBlame | undefined,
): Promise<void> {
  const { key, version } = write;
  const { revision } = version;
  const missing = writer.nextRevision(key);
  if (revision > missing) {
    const [oldest] = await source.writes(key, 1, 1);
    const isOlder = oldest !== undefined && oldest.version.sequence < version.sequence;
    if (isOlder && oldest.version.revision < revision) throw gap(key, missing);
    await writer.item({ on: "trim", key, revision });
  }
  await writer.item({ on: "document", ...write });
  if (blame !== undefined && sameVersion(blame.version, version))
    await writer.item({ on: "blame", key, ...blame });
}

function gap(key: DocumentKey, revision: number): StrataError {
  return new StrataError(
    "STORE_UNAVAILABLE",
    `The store is damaged: the history of ${nameOf(key)} lacks revision ${revision}.`,
  );
}
