import type { StoreCursor } from "../store-cursor.js";
import { BACKGROUND_MS, yieldToEventLoop } from "../yield-to-event-loop.js";
import type { LiveSubscription } from "./live-subscription.js";

export interface BookmarkSource {
  /** Everybody has been told everything up to here. */
  readonly position: StoreCursor | undefined;
  readonly subscriptions: Iterable<LiveSubscription>;
  markTouched(): Promise<void>;
}

/** A cursor is handed out again after so many commits, or so many milliseconds. Half of what is promised: it is looked at now and then. */
const COMMITS = 500;
const IDLE_MS = 25_000;
/** Histories may be short: a cursor moves soon after others wrote something that its owner's configs are made of. */
const LOOK_EVERY_MS = 1_000;

/** Moves the cursors of subscribers who asked for it, while there is nothing to tell them. */
export class Bookmarks {
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  #isLooking = false;

  constructor(private readonly source: BookmarkSource) {}

  start(): void {
    this.#timer ??= setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Under many commits the timer alone would come too late. */
  moved(): void {
    const { position } = this.source;
    if (this.#timer === undefined || position === undefined) return;
    if (position.sequence - this.#lookedAt >= COMMITS) void this.look();
  }

  /** In slices: thousands may be due at once. What is told meanwhile is later than the position, and wins. */
  async look(): Promise<void> {
    const { position } = this.source;
    if (position === undefined || this.#isLooking) return;
    this.#isLooking = true;
    this.#lookedAt = position.sequence;
    await this.source.markTouched();
    const now = performance.now();
    for (const subscription of [...this.source.subscriptions]) {
      await yieldToEventLoop(BACKGROUND_MS);
      if (!subscription.options.bookmarks || subscription.size > 0) continue;
      const behind = position.sequence - subscription.sequence;
      const isDue = behind >= COMMITS || now - subscription.toldAt >= IDLE_MS || subscription.isTouched;
      if (behind > 0 && isDue) subscription.bookmark(position);
    }
    this.#isLooking = false;
  }
}
