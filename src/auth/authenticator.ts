import { jwtVerify } from "jose";
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

/** Turns a token into the principal that it stands for. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticate {
  const { keys, issuer, audience, maxAge, now } = options;
  return async (token) => {
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
    if (principal === undefined || !isToken(protectedHeader.typ)) throw unauthenticated();
    return principal;
  };
}

/** @param type whatever the token's maker has put there */
function isToken(type: unknown = ""): boolean {
  return typeof type === "string" && TYPES.has(type.toLowerCase());
}
