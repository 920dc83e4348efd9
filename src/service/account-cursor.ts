import { StrataError } from "../domain/errors.js";
import { isId } from "../domain/id.js";
import { type AccountPath, TREE_DEPTH } from "../store/store.js";

/**
 * A place in a list of accounts, as text that means nothing to clients: whose children are listed, and the way from there
 * to the account.
 * @param parentId absent: the list is of all
 */
export function cursorOf(parentId: string | undefined, path: AccountPath): string {
  return Buffer.from(`${parentId ?? ""}/${path.join("/")}`).toString("base64url");
}

/** @throws StrataError BAD_USER_INPUT when it is no cursor of this list; `pointer` says which argument it is */
export function parseCursor(
  parentId: string | undefined,
  cursor: string,
  pointer: "/after" | "/before",
): AccountPath {
  const [, ...tokens] = Buffer.from(cursor, "base64url").toString().split("/");
  const path = tokens.join() === "" ? [] : tokens;
  if (path.length <= TREE_DEPTH && path.every(isId) && cursorOf(parentId, path) === cursor) return path;
  throw new StrataError("BAD_USER_INPUT", "Not a cursor of this list: hand back one that it gave you.", {
    pointer,
  });
}

/** Whether a place comes before another in the order of a list: each account before those below it, siblings by id. */
export function isBefore(path: AccountPath, other: AccountPath): boolean {
  for (const [depth, id] of path.entries()) {
    const theirs = other[depth];
    if (theirs === undefined) return false;
    if (id !== theirs) return id < theirs;
  }
  return path.length < other.length;
}
