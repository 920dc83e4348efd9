import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { parseJsonText } from "../domain/json/json-text.js";
import type { KeySetSource } from "./key-set-source.js";

/** How the reading of a key set has come out, where that is worth a line of the log. */
export type KeySetNotice =
  | {
      readonly kind: "unreadable";
      /** Quotes nothing of what was read. */
      readonly reason: string;
      /** How long the keys of before stay in force, unless they can be read meanwhile; 0: there are none. */
      readonly secondsLeft: number;
    }
  | { readonly kind: "readable" };

/** How long keys stay in force after they were last seen in a set that cannot be read any more. */
const STALE_MS = 10 * 60_000;
const TELL_EVERY_MS = 60_000;

interface Keys {
  readonly text: string;
  readonly getKey: JWTVerifyGetKey;
  /** When the look at the source began that found them. */
  readonly seenAt: number;
}

/**
 * The keys of a set that changes: looked at while tokens come, and as often as its source allows. A token waits for the
 * look that is due, so a key that was taken away is trusted no longer than the time between two looks. Where the
 * last look has failed, the keys of before are in force until they are too old, and no token waits for a server that is down.
 */
export class KeySet {
  #keys: Keys | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #hasFailed = false;
  #toldAt = Number.NEGATIVE_INFINITY;
  /** Whether the last notice said that the set cannot be read. */
  #isToldUnreadable = false;
  #looking: Promise<void> | undefined;

  constructor(
    private readonly source: KeySetSource,
    private readonly onNotice: (notice: KeySetNotice) => void,
    private readonly now: () => number,
  ) {}

  /** @throws Error when no keys are in force */
  async current(): Promise<JWTVerifyGetKey> {
    if (this.#looking === undefined && this.#isDue()) {
      this.#looking = this.#look().finally(() => {
        this.#looking = undefined;
      });
    }
    const mayBeOld = this.#hasFailed && !this.source.failsFast && this.#secondsLeft() > 0;
    if (this.#looking !== undefined && !mayBeOld) await this.#looking;
    if (this.#keys === undefined || this.#secondsLeft() === 0) throw new Error("no keys are in force");
    return this.#keys.getKey;
  }

  #isDue(): boolean {
    const { everyMs, retryMs } = this.source;
    return this.now() - this.#lookedAt >= (this.#secondsLeft() > 0 ? everyMs : retryMs);
  }

  #secondsLeft(): number {
    if (this.#keys === undefined) return 0;
    return Math.max(0, Math.ceil((this.#keys.seenAt + STALE_MS - this.now()) / 1_000));
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const seenAt = this.now();
    this.#lookedAt = seenAt;
    try {
      const text = await this.source.read();
      const getKey = text === this.#keys?.text ? this.#keys.getKey : keysIn(text);
      this.#keys = { text, getKey, seenAt };
      this.#hasFailed = false;
      if (this.#isToldUnreadable) this.onNotice({ kind: "readable" });
      this.#isToldUnreadable = false;
    } catch (error) {
      this.#hasFailed = true;
      this.#tell((error as Error).message);
    }
  }

  #tell(reason: string): void {
    if (this.now() - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = this.now();
    this.#isToldUnreadable = true;
    this.onNotice({ kind: "unreadable", reason, secondsLeft: this.#secondsLeft() });
  }
}

/** @throws Error that quotes nothing of the text */
function keysIn(text: string): JWTVerifyGetKey {
  const set = parseJsonText(text);
  try {
    return createLocalJWKSet(set as unknown as JSONWebKeySet);
  } catch {
    throw new Error('it is not a JSON Web Key Set: {"keys": [...]}');
  }
}
