import { createHash } from "node:crypto";
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from "rate-limiter-flexible";
import { StrataError } from "../domain/errors.js";
import type { Principal } from "./principal.js";

/** Counts requests where all gateways see them. It may fail, and is then done without. */
export interface SharedCounter {
  isReady(): boolean;
  /**
   * Adds to a number that is gone after its seconds, in one atomic step.
   * @returns the number, and for how many milliseconds it still is there
   */
  add(key: string, amount: number, seconds: number): Promise<readonly [count: number, milliseconds: number]>;
}

/** Header names, in lower case, with their values. */
type Headers = Readonly<Record<string, string>>;

export interface RateLimit {
  /** Counts a request. @throws StrataError RATE_LIMITED, with the seconds after which asking again makes sense */
  check(request: object, principal: Principal, address: string): Promise<void>;
  /** What the answer to a request says of the limit; undefined: nothing. */
  headersOf(request: object): Headers | undefined;
}

const UNLIMITED: RateLimit = { check: async () => {}, headersOf: () => undefined };
const WINDOW_SECONDS = 1;

/**
 * So many requests a second for each caller. Callers without a token are told apart by their address.
 * @param perSecond undefined: as many as they like
 * @param shared where the requests to all gateways are counted; absent, and while it fails: each gateway counts its own
 * @param scope gateways that count together have the same one
 */
export function createRateLimit(
  perSecond: number | undefined,
  shared?: SharedCounter,
  scope = "",
): RateLimit {
  if (perSecond === undefined) return UNLIMITED;
  const limiter = createLimiter(perSecond, shared);
  const policy = `"default";q=${perSecond};w=${WINDOW_SECONDS}`;
  const told = new WeakMap<object, Headers>();
  const tell = (request: object, { remainingPoints, msBeforeNext }: RateLimiterRes): number => {
    const seconds = Math.max(1, Math.ceil(msBeforeNext / 1_000));
    const left = `"default";r=${Math.max(0, remainingPoints)};t=${seconds}`;
    told.set(request, { "ratelimit-policy": policy, ratelimit: left });
    return seconds;
  };
  return {
    headersOf: (request) => told.get(request),
    async check(request, principal, address) {
      try {
        // A store never gets to see an address or a subject.
        tell(request, await limiter.consume(digest(`${scope}\n${callerOf(principal, address)}`)));
      } catch (error) {
        if (!(error instanceof RateLimiterRes)) throw error;
        const retryAfter = tell(request, error);
        const message = `More than ${perSecond} requests in a second. Wait a moment.`;
        throw new StrataError("RATE_LIMITED", message, { retryAfter });
      }
    },
  };
}

/** Names a caller for limits. Callers without a token are told apart by their address. */
export function callerOf({ subject, accountId = "", issuedAt }: Principal, address: string): string {
  return issuedAt === undefined ? `address ${address}` : `caller ${accountId} ${subject}`;
}

function createLimiter(points: number, shared: SharedCounter | undefined): RateLimiterAbstract {
  const own = { points, duration: WINDOW_SECONDS, keyPrefix: "strata:rate" };
  if (shared === undefined) return new RateLimiterMemory(own);
  return new RateLimiterRedis({
    ...own,
    storeClient: clientOf(shared),
    rejectIfRedisNotReady: true,
    insuranceLimiter: new RateLimiterMemory(own),
    // A caller that is over the limit is refused without asking the store again.
    inMemoryBlockOnConsumed: points + 1,
  });
}

/** As much of a Redis client as the limiter uses. */
function clientOf(shared: SharedCounter): object {
  return {
    isReady: () => shared.isReady(),
    rlflxIncr: ([key = "", amount = "1", seconds = "1"]: readonly string[]) =>
      shared.add(key, Number(amount), Number(seconds)),
  };
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
