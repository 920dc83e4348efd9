import { StrataError } from "../domain/errors.js";
import { type DocumentKey, keyText } from "../store/store.js";

/** A place in the history of one document, as text that means nothing to clients. */
export function historyCursor(key: DocumentKey, revision: number): string {
  return Buffer.from(`${keyText(key)} ${revision}`).toString("base64url");
}

/**
 * The revision behind which a page goes on.
 * @throws StrataError BAD_USER_INPUT when it is no cursor of this document's history
 */
export function parseHistoryCursor(key: DocumentKey, cursor: string): number {
  const revision = Number(Buffer.from(cursor, "base64url").toString().split(" ").at(-1));
  if (Number.isSafeInteger(revision) && revision > 0 && historyCursor(key, revision) === cursor)
    return revision;
  throw new StrataError(
    "BAD_USER_INPUT",
    "Not a cursor of this config's history: hand back one that it gave you.",
    { pointer: "/after" },
  );
}
