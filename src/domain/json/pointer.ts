import { StrataError } from "../errors.js";

/** Characters a pointer may have. */
export const POINTER_LIMIT = 1024;

/** One reference token in RFC 6901 spelling: `~` is `~0`, `/` is `~1`. */
export function escapeToken(token: string): string {
  return token.includes("~") || token.includes("/")
    ? token.replaceAll("~", "~0").replaceAll("/", "~1")
    : token;
}

export function appendToken(pointer: string, token: string): string {
  return `${pointer}/${escapeToken(token)}`;
}

/**
 * The tokens of an RFC 6901 JSON Pointer, unescaped; `""` has none and means the whole document.
 * @throws StrataError BAD_USER_INPUT when it is malformed or longer than 1,024 characters (limit `pointer`)
 */
export function parsePointer(pointer: string): string[] {
  if (pointer.length > POINTER_LIMIT) {
    throw new StrataError("BAD_USER_INPUT", `A JSON Pointer has at most ${POINTER_LIMIT} characters.`, {
      limit: "pointer",
    });
  }
  if (pointer !== "" && (!pointer.startsWith("/") || /~(?![01])/.test(pointer))) {
    throw new StrataError(
      "BAD_USER_INPUT",
      'Not a JSON Pointer (RFC 6901): it is "" or starts with "/", and "~" is spelled "~0", "/" in a name "~1".',
      { pointer: pointer.toWellFormed() },
    );
  }
  return tokensOf(pointer);
}

/** The tokens of a pointer that Strata itself made: well formed, of any length. */
export function tokensOf(pointer: string): string[] {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}
