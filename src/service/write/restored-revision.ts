import { StrataError } from "../../domain/errors.js";
import type { DocumentKey, DocumentRevision, Store, Version } from "../../store/store.js";
import { fromStore } from "../from-store.js";

/**
 * A revision of a document, to be put back.
 * @param current the version that the document has now
 * @throws StrataError REVISION_NOT_FOUND with the oldest revision that is kept; STORE_UNAVAILABLE
 */
export async function restoredRevision(
  store: Store,
  key: DocumentKey,
  current: Version | undefined,
  revision: number,
): Promise<DocumentRevision> {
  const before = Math.max(revision, 0) + 1;
  const { revisions, oldest } = await fromStore(store.history({ key, before, limit: 1, bytes: 1 }));
  const [found] = revisions;
  const isCurrentLife = current !== undefined && (found?.version.sequence ?? 0) <= current.sequence;
  if (found !== undefined && isCurrentLife && found.version.revision === revision) return found;
  const kept = current === undefined || oldest === undefined;
  const reason = kept
    ? "nobody ever wrote this config here"
    : `its history has the revisions ${oldest} to ${current.revision}`;
  throw new StrataError("REVISION_NOT_FOUND", `There is no revision ${revision} to restore: ${reason}.`, {
    pointer: "/revision",
    oldest: kept ? null : oldest,
  });
}
