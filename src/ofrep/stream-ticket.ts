import { createHmac, hash, hkdfSync, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Principal } from "../auth/principal.js";

/** What one event stream is about. */
export interface StreamTopic {
  readonly accountId: string;
  /** As the address spells them: joined by commas; empty: all that accounts have. */
  readonly configs: string;
}

/** Tickets end at whole multiples of this, the next but one: within 30 to 60 minutes. */
const STEP_SECONDS = 1_800;

const CLAIMS = z.tuple([
  z.string(),
  z.string().nullable(),
  z.boolean(),
  z.number().int().nullable(),
  z.number().int(),
]);

/**
 * Stands in the address of an event stream for the token that a browser cannot send with it. A ticket lets its owner hear that
 * something has changed in one account's configs, and do nothing else. It ends with the token that it was made for, or earlier.
 */
export class StreamTickets {
  /** Names the key, and tells nothing of it. */
  readonly id: string;
  readonly #key: Buffer;

  /** @param secret that all gateways share which clients may come to */
  constructor(
    secret: string,
    private readonly now: () => Date,
  ) {
    this.#key = Buffer.from(hkdfSync("sha256", secret, "", "strata event stream tickets", 32));
    this.id = hash("sha256", this.#key, "base64url").slice(0, 8);
  }

  /** When a ticket that is made now ends, in seconds since the epoch. The same for some while, so that an address does not change without need. */
  endOf({ expiresAt = Number.POSITIVE_INFINITY }: Principal): number {
    const step = Math.floor(this.now().getTime() / 1_000 / STEP_SECONDS) + 2;
    return Math.min(step * STEP_SECONDS, expiresAt);
  }

  issue(
    { subject, accountId, isSuperadmin, issuedAt }: Principal,
    topic: StreamTopic,
    endsAt: number,
  ): string {
    const claims = JSON.stringify([subject, accountId ?? null, isSuperadmin, issuedAt ?? null, endsAt]);
    const payload = Buffer.from(claims).toString("base64url");
    return `${payload}.${this.#signature(payload, topic).toString("base64url")}`;
  }

  /** Whom a ticket stands for, who may read and no more; undefined: it is none for this topic, or has ended. */
  read(text: string, topic: StreamTopic): Principal | undefined {
    const [payload = "", signature = "", ...more] = text.split(".");
    const sent = Buffer.from(signature, "base64url");
    const own = this.#signature(payload, topic);
    if (more.length > 0 || sent.length !== own.length || !timingSafeEqual(sent, own)) return undefined;
    const claims = CLAIMS.parse(JSON.parse(Buffer.from(payload, "base64url").toString()));
    const [subject, accountId, isSuperadmin, issuedAt, expiresAt] = claims;
    if (expiresAt * 1_000 <= this.now().getTime()) return undefined;
    return {
      subject,
      accountId: accountId ?? undefined,
      isSuperadmin,
      scopes: new Set(["config:read"]),
      issuedAt: issuedAt ?? undefined,
      expiresAt,
    };
  }

  #signature(payload: string, { accountId, configs }: StreamTopic): Buffer {
    return createHmac("sha256", this.#key)
      .update(JSON.stringify([payload, accountId, configs]))
      .digest();
  }
}
