/** Seconds by which the clock of a token's issuer may differ from a gateway's. */
export const CLOCK_TOLERANCE = 5;

/** Seconds by which the clocks of two gateways may differ. */
const GATEWAYS_WITHIN = 1;

/** Whole seconds from an account's deletion until the tokens count that are for the next account of its id. */
export const TOKENS_WAIT = CLOCK_TOLERANCE + GATEWAYS_WITHIN + 1;

/** The second of an RFC 3339 time, since the epoch: tokens count in whole seconds. */
export function secondOf(time: string): number {
  return Math.floor(Date.parse(time) / 1_000);
}

/** The later of two RFC 3339 times, as `toISOString` writes them. */
export function laterOf(a: string, b: string): string {
  return a < b ? b : a;
}
