import { QUERY_LIMITS } from "./query-limits.js";

/** Values of this many characters and more are worth remembering: the same array can stand behind 10,000 fields. */
const LARGE = 1_024;

/**
 * Characters of an answer that is not too large for certain: below, a digit is counted as a number of eight characters, and
 * nothing is counted for more. Some ten milliseconds' work.
 */
export const QUICK_CHARACTERS = QUERY_LIMITS.response / 5;

/** Whether an answer's JSON text would be over the limit; looks at a value that occurs many times only once. */
export function isTooLarge(answer: unknown): boolean {
  const known = new Map<object, number>();
  const size = (value: unknown, room: number): number => {
    if (typeof value === "string") return value.length + 2;
    if (typeof value !== "object" || value === null) return 8;
    const before = known.get(value);
    if (before !== undefined) return before;
    let sum = 2;
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length && sum < room; i++) sum += 1 + size(value[i], room - sum);
    } else {
      for (const key in value) {
        if (sum >= room) break;
        sum += key.length + 4 + size((value as Record<string, unknown>)[key], room - sum);
      }
    }
    if (sum > LARGE) known.set(value, sum);
    return sum;
  };
  return size(answer, QUERY_LIMITS.response) >= QUERY_LIMITS.response;
}
