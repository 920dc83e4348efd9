import { Redis } from "ioredis";
import { resellerId, resellerOf } from "../workload/accounts.js";
import { documentOf } from "../workload/settings.js";

/** A setting's value, or settings by name. */
export type Value = string | number | boolean | readonly unknown[] | Values;
export interface Values {
  readonly [name: string]: Value;
}

export interface RedisLayer {
  readonly kind: "ACCOUNT" | "RESELLER" | "SYSTEM" | "SCHEMA";
  readonly document: Values;
}

/** Where the harness has put the documents for those who read them from Redis: their JSON text, one key each. */
export function documentKey(accountId: string | undefined, config: string): string {
  return `peer:${accountId ?? "system"}:${config}`;
}

/**
 * Reads an account's layers from Redis, highest first: one MGET, nothing kept between requests, so that a read sees every
 * write. Which reseller an account has is known here for nothing: from its number.
 */
export function createLayerReader(url: string): (account: string, config: string) => Promise<RedisLayer[]> {
  const redis = new Redis(url);
  const defaults = documentOf("SCHEMA", "phone", 0) as unknown as Values;
  const kinds = ["ACCOUNT", "RESELLER", "SYSTEM"] as const;
  return async (account, config) => {
    const reseller = resellerId(resellerOf(Number(account.slice(1))));
    const texts = await redis.mget(...[account, reseller, undefined].map((id) => documentKey(id, config)));
    const stored = kinds.flatMap((kind, index): RedisLayer[] => {
      const text = texts[index];
      return text ? [{ kind, document: JSON.parse(text) }] : [];
    });
    return [...stored, { kind: "SCHEMA", document: defaults }];
  };
}
