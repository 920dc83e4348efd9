import { StrataError } from "../domain/errors.js";

/**
 * @param most how many items one page may have
 * @param items what they are
 * @param pointer names the argument
 * @throws StrataError BAD_USER_INPUT (limit `pageSize`) for a page of fewer than none, or of too many
 */
export function checkPageSize(size: number, most: number, items: string, pointer: "/first" | "/last"): void {
  if (size >= 0 && size <= most) return;
  throw new StrataError("BAD_USER_INPUT", `A page has 0 to ${most.toLocaleString("en")} ${items}.`, {
    pointer,
    limit: "pageSize",
  });
}
