import { StrataError } from "../domain/errors.js";

/** It never says why: that would only help an attacker who guesses. */
export function unauthenticated(cause?: unknown): StrataError {
  return new StrataError("UNAUTHENTICATED", "There is no valid token with this request.", { cause });
}
