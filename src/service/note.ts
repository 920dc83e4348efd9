import { StrataError } from "../domain/errors.js";
import { noteTrouble } from "../domain/name.js";

/**
 * The note of a write, as it is kept; an empty one is none.
 * @throws StrataError BAD_USER_INPUT (limit `note`)
 */
export function checkNote(note: string | undefined): string | undefined {
  if (note === undefined || note === "") return undefined;
  const trouble = noteTrouble(note);
  if (trouble === undefined) return note;
  throw new StrataError("BAD_USER_INPUT", `The note ${trouble}: write one line of plain text.`, {
    pointer: "/note",
    limit: "note",
  });
}
