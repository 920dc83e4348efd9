import { StrataError } from "../../domain/errors.js";

export function refused(place: string, cause: Error): StrataError {
  return new StrataError("STORE_UNAVAILABLE", `Redis at ${place} refused: ${cause.message}`, { cause });
}

export function silent(place: string, cause: Error): StrataError {
  const message = `Redis at ${place} did not answer: ${cause.message}`;
  return new StrataError("STORE_UNAVAILABLE", message, { cause });
}
