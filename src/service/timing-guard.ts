import type { Principal } from "../auth/principal.js";
import { StrataError } from "../domain/errors.js";

/** Unless something else is said, milliseconds until a caller is told that there is no such account: more than it takes to look for any. */
const ABSENT_AFTER_MS = 5;

/**
 * Looks for something of an account. A foreign account is found, with all its ancestors, and an absent one is not: a
 * caller who measures many times would see the difference. So both answers come at a time that was set before looking.
 * A superadmin may access every account, and does not wait.
 */
export async function guardTiming<T>(
  { isSuperadmin }: Principal,
  look: () => Promise<T>,
  absentAfterMs = ABSENT_AFTER_MS,
): Promise<T> {
  if (isSuperadmin) return look();
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, absentAfterMs);
  });
  try {
    const found = await look();
    if (found === undefined) await time;
    return found;
  } catch (error) {
    if (error instanceof StrataError && error.code === "ACCOUNT_NOT_FOUND") await time;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
