import type { GraphQLFormattedError } from "graphql";
import { QUERY_LIMITS, tooComplex } from "../query/query-limits.js";

/** Values of this many characters and more are worth remembering: the same array can stand behind 10,000 fields. */
const LARGE = 1_024;

/**
 * Characters that a compiled plan writes at most, some ten milliseconds' work. Such a response is never too large: below, a
 * digit counts as a number of eight characters, and nothing counts for more.
 */
export const PLAN_CHARACTERS = QUERY_LIMITS.response / 5;

/** Whether a response's JSON text would be over the limit. Measures a value that occurs many times only once. */
export function isTooLarge(response: unknown): boolean {
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
  return size(response, QUERY_LIMITS.response) >= QUERY_LIMITS.response;
}

/** In place of a response that is too large. */
export function tooLarge(isWrite: boolean): GraphQLFormattedError {
  const { message, code, limit } = tooComplex(
    "response",
    `The answer is larger than ${QUERY_LIMITS.response} bytes: ask for less.${isWrite ? " All writes of the request have had their outcome: read to see it." : ""}`,
  );
  return { message, extensions: { code, limit } };
}
