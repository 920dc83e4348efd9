import { randomBytes } from "node:crypto";
import type { Store } from "./store.js";

/** A store that keeps a secret for those who have it open. */
export interface SecretStore extends Store {
  /**
   * The same text for all gateways of the store, now and after a restart, made when it is first asked for. It is in no archive.
   * Undefined: there is none yet, and none can be written for the time being.
   * @throws StrataError STORE_UNAVAILABLE
   */
  secret(): Promise<string | undefined>;
}

export function makeSecret(): string {
  return randomBytes(32).toString("base64url");
}
