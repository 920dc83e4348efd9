import { StrataError } from "./errors.js";

/** `system` names the layer, `.` and `..` would be folders: no account or config may be called so. */
const RESERVED: ReadonlySet<string> = new Set([".", "..", "system"]);

/** Whether a text may be the id of an account or of a config. */
export function isId(text: string): boolean {
  return /^[A-Za-z0-9_.-]{1,64}$/.test(text) && !RESERVED.has(text);
}

/**
 * @param what whose id it is to be
 * @param pointer where the caller gave it
 * @throws StrataError BAD_USER_INPUT when the text is no id
 */
export function checkId(text: string, what: "account" | "config", pointer: string): string {
  if (isId(text)) return text;
  throw new StrataError(
    "BAD_USER_INPUT",
    `Not ${what === "account" ? "an account" : "a config"} id: 1 to 64 letters, digits, "_", "." or "-", but not ".", ".." or "system".`,
    { pointer },
  );
}
