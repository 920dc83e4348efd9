import { type JWTVerifyGetKey, jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import { CLOCK_TOLERANCE } from "../domain/clock.js";
import type { Principal } from "./principal.js";
import { principalOf } from "./token-claims.js";
import type { TokenKeys, VerificationKey } from "./token-keys.js";
import { unauthenticated } from "./unauthenticated.js";

export interface AuthenticatorOptions {
  readonly keys: TokenKeys;
  /** The required `iss`; undefined: any. */
  readonly issuer: string | undefined;
  /** The audience that `aud` must name; undefined: any. */
  readonly audience: string | undefined;
  /** How long a token may live, in seconds. */
  readonly maxAge: number;
  readonly now: () => Date;
}

/** @throws StrataError UNAUTHENTICATED; it never says why: that would only help an attacker who guesses */
export type Authenticate = (token: string) => Promise<Principal>;

const TYPES: ReadonlySet<string> = new Set(["", "jwt", "at+jwt"]);

/**
 * Three parts in base64url, each written in the one way there is (RFC 4648, 3.5): decoders overlook blanks, and bits of
 * the last character that stand for nothing, so that one token would have many texts.
 */
const PART = "(?=[\\w-])(?:[\\w-]{4})*(?:[\\w-][AQgw]|[\\w-]{2}[AEIMQUYcgkosw048])?";
const COMPACT = new RegExp(`^${PART}\\.${PART}\\.${PART}$`);

/** Milliseconds after which a token's signature is checked again. */
const TRUST_MS = 60_000;
/** Bytes that tokens and what they stand for may take, and what one takes beside its text. */
const REMEMBERED = 16 * 2 ** 20;
const BYTES_PER_TOKEN = 1_024;

interface Verified {
  readonly principal: Principal;
  /** The key that verified it: with another key it is verified again. */
  readonly key: VerificationKey;
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
    sizeCalculation: (_, token) => BYTES_PER_TOKEN + token.length,
  });
  return async (token) => {
    const before = known.get(token);
    // A malformed token does not trigger a fetch of the key set.
    if (before === undefined && !COMPACT.test(token)) throw unauthenticated();
    const key = await options.keys.current().catch((cause: unknown) => {
      throw unauthenticated(cause);
    });
    const time = now().getTime();
    if (before !== undefined && before.key === key && isTrusted(before, time)) return before.principal;
    const verified = await verify(token, key);
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
  return async (token: string, key: VerificationKey): Promise<Verified> => {
    const currentDate = now();
    const settings = {
      algorithms: [...keys.algorithms],
      clockTolerance: CLOCK_TOLERANCE,
      requiredClaims: ["exp", "iat", "sub"],
      currentDate,
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
    };
    const { payload, protectedHeader } = await jwtVerify(token, keyFinder(key), settings).catch(
      (cause: unknown) => {
        throw unauthenticated(cause);
      },
    );
    const principal = principalOf(payload, maxAge, currentDate.getTime() / 1_000);
    if (principal === undefined || payload.exp === undefined || !isToken(protectedHeader.typ))
      throw unauthenticated();
    return { principal, key, expires: payload.exp, at: currentDate.getTime() };
  };
}

/** jose has one signature for keys, and another one for what finds them. */
function keyFinder(key: VerificationKey): JWTVerifyGetKey {
  return typeof key === "function" ? key : async () => key;
}

/** @param type whatever the token's maker has put there */
function isToken(type: unknown = ""): boolean {
  return typeof type === "string" && TYPES.has(type.toLowerCase());
}
