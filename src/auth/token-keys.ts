import type { JWTVerifyGetKey } from "jose";
import { KeySet, type KeySetNotice } from "./key-set.js";
import { keySetFile, keySetUrl } from "./key-set-source.js";

/** A key that signatures are checked with. */
export type VerificationKey = Uint8Array | JWTVerifyGetKey;

/** The keys that tokens are checked with. The kind of key fixes the algorithms: the token has no say in it. */
export interface TokenKeys {
  readonly algorithms: readonly string[];
  /**
   * The keys in force now. As long as they are the same it is the same object: what was verified with another one has to
   * be verified again.
   * @throws Error when there are none
   */
  current(): Promise<VerificationKey>;
}

const ASYMMETRIC = ["RS256", "ES256", "EdDSA"];

export function sharedSecret(secret: string): TokenKeys {
  const key = new TextEncoder().encode(secret);
  return { algorithms: ["HS256"], current: async () => key };
}

export interface KeySetOptions {
  /** Hears when the keys cannot be read, once a minute at most, and when they can be again. */
  readonly onNotice?: ((notice: KeySetNotice) => void) | undefined;
  /** Milliseconds, by a clock that never goes back. */
  readonly now?: (() => number) | undefined;
}

/** @param place URL of a JSON Web Key Set, or a file that holds one; looked at right away, then while tokens come */
export function keySet(
  place: string,
  { onNotice = () => {}, now = () => performance.now() }: KeySetOptions = {},
): TokenKeys {
  const source = /^https?:\/\//i.test(place) ? keySetUrl(new URL(place)) : keySetFile(place, now);
  const keys = new KeySet(source, onNotice, now);
  // Fetch at start: the operator is watching then, and the first caller may be hours away.
  keys.current().catch(() => {});
  return { algorithms: ASYMMETRIC, current: () => keys.current() };
}
