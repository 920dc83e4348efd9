import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { StrataError } from "../domain/errors.js";
import type { Principal } from "./principal.js";

/** @throws StrataError RATE_LIMITED, with the seconds after which asking again makes sense */
export type CheckRate = (principal: Principal, address: string) => Promise<void>;

/**
 * So many requests a second for each caller, in this process. Callers without a token are told apart by their address.
 * @param perSecond undefined: as many as they like
 */
export function createRateLimit(perSecond: number | undefined): CheckRate {
  if (perSecond === undefined) return async () => {};
  const limiter = new RateLimiterMemory({ points: perSecond, duration: 1 });
  return async (principal, address) => {
    const { subject, accountId = "", issuedAt } = principal;
    const name = issuedAt === undefined ? `address ${address}` : `caller ${accountId} ${subject}`;
    try {
      await limiter.consume(name);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      const message = `More than ${perSecond} requests in a second. Wait a moment.`;
      throw new StrataError("RATE_LIMITED", message, {
        retryAfter: Math.max(1, Math.ceil(error.msBeforeNext / 1_000)),
      });
    }
  };
}
