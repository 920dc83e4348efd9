import { StrataError } from "../domain/errors.js";

/**
 * What a caller is told when the store cannot answer. The store's own message names folders and hosts: that is for the
 * log, as the cause.
 * @throws StrataError STORE_UNAVAILABLE
 */
export async function fromStore<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    throw new StrataError("STORE_UNAVAILABLE", "The store cannot answer now. Try again.", { cause });
  }
}
