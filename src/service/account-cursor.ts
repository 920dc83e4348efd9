import { StrataError } from "../domain/errors.js";
import { isId } from "../domain/id.js";
import { type AccountPath, TREE_DEPTH } from "../store/store.js";

/** A place in a list of accounts, as text that means nothing to clients: the way from the list's top to the account. */
export function cursorOf(path: AccountPath): string {
  return Buffer.from(`/${path.join("/")}`).toString("base64url");
}

/** @throws StrataError BAD_USER_INPUT when it is no cursor of ours */
export function parseCursor(cursor: string): AccountPath {
  const text = Buffer.from(cursor, "base64url").toString().slice(1);
  const path = text === "" ? [] : text.split("/");
  if (path.length <= TREE_DEPTH && path.every(isId) && cursorOf(path) === cursor) return path;
  throw new StrataError("BAD_USER_INPUT", "Not a cursor of this list: hand back one that it gave you.", {
    pointer: "/after",
  });
}
