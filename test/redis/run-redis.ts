import { inject } from "vitest";

declare module "vitest" {
  export interface ProvidedContext {
    /** Of the server that the whole run shares. */
    redisUrl?: string;
    /** Why there is no such server. */
    redisProblem?: string;
  }
}

/**
 * The server that all tests of this run share: keep to keys that no other test uses, and never flush it.
 * @throws when there is none; the message says what to do
 */
export function sharedRedisUrl(): string {
  const url = inject("redisUrl");
  if (url === undefined) throw new Error(inject("redisProblem") ?? "test/global-setup.ts has not run");
  return url;
}
