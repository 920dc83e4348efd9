import { jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import type { Principal } from "./principal.js";
import { CLOCK_TOLERANCE, principalOf } from "./token-claims.js";
import type { TokenKeys } from "./token-keys.js";
import { unauthenticated } from "./unauthenticated.js";

export interface AuthenticatorOptions {
  readonly keys: TokenKeys;
  /** What `iss` has to be; undefined: anything. */
  readonly issuer: string | undefined;
  /** What `aud` has to name; undefined: anything. */
  readonly audience: string | undefined;
  /** How long a token may live, in seconds. */
  readonly maxAge: number;
  readonly now: () => Date;
}

/** @throws StrataError UNAUTHENTICATED; it never says why, for that helps only whoever is guessing */
export type Authenticate = (token: string) => Promise<Principal>;

const TYPES: ReadonlySet<string> = new Set(["", "jwt", "at+jwt"]);

/** Base64 decoders overlook blanks. */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Milliseconds that a token's signature is good for: a key that is withdrawn is trusted no longer than that. */
const TRUST_MS = 60_000;
/** Characters of tokens that are remembered; a token has some hundreds. */
const REMEMBERED = 8 * 2 ** 20;

interface Verified {
  readonly principal: Principal;
  /** In seconds since the epoch. */
  readonly expires: number;
  /** In milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Turns a token into the principal that it stands for. Checking a signature takes longer than most answers, so one that
 * was good is not checked again for a while; a token's end is looked at each time.
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticate {
  const { now } = options;
  const verify = createVerifier(options);
  const known = new LRUCache<string, Verified>({
    maxSize: REMEMBERED,
    sizeCalculation: (_, token) => token.length,
  });
  return async (token) => {
    const time = now().getTime();
    const before = known.get(token);
    if (before !== undefined && isTrusted(before, time)) return before.principal;
    const verified = await verify(token);
    known.set(token, verified);
    return verified.principal;
  };
}

function isTrusted({ expires, at }: Verified, time: number): boolean {
  // As jose counts: in whole seconds.
  const isInForce = expires > Math.floor(time / 1_000) - CLOCK_TOLERANCE;
  return isInForce && time >= at && time - at < TRUST_MS;
}

function createVerifier({ keys, issuer, audience, maxAge, now }: AuthenticatorOptions) {
  return async (token: string): Promise<Verified> => {
    if (!COMPACT.test(token)) throw unauthenticated();
    const currentDate = now();
    const settings = {
      algorithms: [...keys.algorithms],
      clockTolerance: CLOCK_TOLERANCE,
      requiredClaims: ["exp", "iat", "sub"],
      currentDate,
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
    };
    const { payload, protectedHeader } = await jwtVerify(token, keys.key, settings).catch(
      (cause: unknown) => {
        throw unauthenticated(cause);
      },
    );
    const principal = principalOf(payload, maxAge, currentDate.getTime() / 1_000);
    if (principal === undefined || payload.exp === undefined || !isToken(protectedHeader.typ))
      throw unauthenticated();
    return { principal, expires: payload.exp, at: currentDate.getTime() };
  };
}

/** @param type whatever the token's maker has put there */
function isToken(type: unknown = ""): boolean {
  return typeof type === "string" && TYPES.has(type.toLowerCase());
}
