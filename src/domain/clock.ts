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

const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/;

/**
 * An RFC 3339 time as `toISOString` writes it; digits beyond milliseconds are cut off. Undefined: it is none, or one that
 * there is not, such as a 30th of February or a leap second.
 */
export function parseTime(text: string): string | undefined {
  const [, day, time, fraction = "", offset = ""] = RFC_3339.exec(text) ?? [];
  if (day === undefined) return undefined;
  const local = `${day}T${time}.${fraction.slice(0, 3).padEnd(3, "0")}Z`;
  const [asUtc, moment] = [local, local.replace("Z", offset.toUpperCase())].map((each) => new Date(each));
  if (Number.isNaN(asUtc?.getTime()) || Number.isNaN(moment?.getTime())) return undefined;
  const found = moment?.toISOString();
  // A date may run over into the next month, and an offset into another age.
  return asUtc?.toISOString() === local && found?.length === local.length ? found : undefined;
}

/** The later of two RFC 3339 times, as `toISOString` writes them. */
export function laterOf(a: string, b: string): string {
  return a < b ? b : a;
}
