import { laterOf } from "../domain/clock.js";

/** No commit is under way for so long, whatever the clocks of gateways say. Milliseconds. */
const UNDER_WAY_MS = 60_000;

/**
 * Whether a moment may be told of: the caller's clock or a commit has come to it. The others are the future.
 * @param now the caller's clock
 * @param newest the time of the newest commit; undefined or empty: there was none
 */
export function isOver(moment: string, now: string, newest: string | undefined): boolean {
  return moment <= laterOf(now, newest ?? "");
}

/** The first moment after one: the earliest time of the commits that come once it has been told of. */
export function momentAfter(moment: string): string {
  return new Date(Date.parse(moment) + 1).toISOString();
}

/** Whether no commit that was decided by that moment can be under way any more. */
export function isLongAgo(moment: string, now: string): boolean {
  return Date.parse(moment) < Date.parse(now) - UNDER_WAY_MS;
}
