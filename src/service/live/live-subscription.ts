import type { Principal } from "../../auth/principal.js";
import { authorize } from "../authorize.js";
import { cursorOf, type StoreCursor } from "../store-cursor.js";
import type { ConfigChange } from "./config-change.js";
import { collapse, inOrder, type LiveEvent, type Round, sizeOfEvent } from "./live-event.js";
import { ToldChange } from "./told-change.js";

/** Events that wait for a subscriber before they collapse: enough for a burst, so few that nobody notices thousands of them. */
const MOST_EVENTS = 1_000;
const MOST_BYTES = 2 ** 20;

export interface SubscriptionOptions {
  readonly principal: Principal;
  readonly accountId: string;
  /** Undefined: all that accounts have. */
  readonly configIds: readonly string[] | undefined;
  readonly since: StoreCursor | undefined;
  readonly bookmarks: boolean;
  readonly onMessage: (change: ConfigChange) => void;
  /** Takes it out of everything once nobody listens any more. */
  readonly onEnd: () => void;
}

/**
 * What waits for one subscriber, in order, and the iterator that the subscriber takes it from. However slowly that happens,
 * no more waits than a bounded number of events: then the newest state of each config is all that is kept.
 */
export class LiveSubscription implements AsyncIterableIterator<ConfigChange> {
  #events: LiveEvent[] = [];
  #bytes = 0;
  /** The round of the last message, as long as others of it are to follow. */
  #open: Round | undefined;
  /** Where a bookmark would be; undefined: none is due. */
  #bookmark: StoreCursor | undefined;
  #waiting: ((result: Promise<IteratorResult<ConfigChange>> | IteratorResult<ConfigChange>) => void)[] = [];
  /** Whether what was missed is still being looked for. */
  #isHeld: boolean;
  #end: { readonly error: Error | undefined } | undefined;
  /** The sequence of the last cursor that was handed out. */
  sequence: number;
  /** When that was, on the clock of `performance.now()`. */
  toldAt = performance.now();
  /** Whether a document of one of its configs has changed since, invisibly. */
  isTouched = false;
  #isLost = false;

  constructor(readonly options: SubscriptionOptions) {
    this.#isHeld = options.since !== undefined;
    this.sequence = options.since?.sequence ?? -1;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  get size(): number {
    return this.#events.length;
  }

  /** @param events of one round, or of several in order; those of one round all at once */
  push(events: readonly LiveEvent[]): void {
    if (this.#end !== undefined || events.length === 0) return;
    for (const event of events) {
      this.#events.push(event);
      this.#bytes += sizeOfEvent(event);
    }
    if (this.#waiting.length === 0 || this.#isHeld) this.#keepSmall(events);
    else this.#serve();
  }

  /** What becomes of its configs is not told, until it begins again. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** It begins again: no cursor may say before that everything was told. */
  lose(): void {
    this.#isLost = true;
  }

  /** What still waits is told no more: these come in its place. */
  beginAgain(events: readonly LiveEvent[]): void {
    this.#isLost = false;
    this.#bookmark = undefined;
    this.#events = [];
    this.#bytes = 0;
    this.push(events);
  }

  /** Puts what was missed before everything that came since, and lets the subscriber have it. */
  release(missed: readonly LiveEvent[]): void {
    this.#isHeld = false;
    const since = this.#events;
    this.#events = [...missed, ...since];
    this.#bytes += missed.reduce((sum, event) => sum + sizeOfEvent(event), 0);
    this.#serve();
  }

  /** Hands out a cursor that has moved, once nothing else waits. */
  bookmark(position: StoreCursor): void {
    if (this.#end !== undefined || this.#isLost) return;
    this.#bookmark = position;
    this.#serve();
  }

  /** What still waits is not told any more. @param error that the subscriber is told; absent: none */
  end(error?: Error): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#events = [];
    this.options.onEnd();
    this.#serve();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<ConfigChange>> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#serve();
    });
  }

  return(): Promise<IteratorResult<ConfigChange>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #serve(): void {
    if (this.#isHeld && this.#end === undefined) return;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const result = this.#take();
      if (result === undefined) return;
      this.#waiting.shift();
      next(result);
    }
  }

  #take(): Promise<IteratorResult<ConfigChange>> | IteratorResult<ConfigChange> | undefined {
    if (this.#end !== undefined) return this.#takeEnd();
    const event = this.#events.shift();
    try {
      const change = event === undefined ? this.#takeBookmark() : this.#changeOf(event);
      if (change === undefined) return undefined;
      this.toldAt = performance.now();
      this.isTouched = false;
      this.options.onMessage(change);
      return { done: false, value: change };
    } catch (error) {
      this.end(error as Error);
      return this.#takeEnd();
    }
  }

  /** The error is told once. */
  #takeEnd(): Promise<IteratorResult<ConfigChange>> | IteratorResult<ConfigChange> {
    const error = this.#end?.error;
    this.#end = { error: undefined };
    return error === undefined ? { done: true, value: undefined } : Promise.reject(error);
  }

  #changeOf(event: LiveEvent): ConfigChange {
    const { round, configId, after, moved } = event;
    this.#bytes -= sizeOfEvent(event);
    const isOpen = this.#events[0]?.round === round;
    this.#open = isOpen ? round : undefined;
    this.sequence = round.position.sequence;
    const { principal } = this.options;
    const view = authorize(principal, "read", after.lineage);
    const { incarnation, sequence, schema, commit } = round.position;
    const open = isOpen ? { last: configId, before: round.before } : undefined;
    const cursor = cursorOf({ incarnation, sequence, schema, commit, round: open });
    return new ToldChange(event, cursor, after.snapshot(view, round.position), inOrder(moved));
  }

  #takeBookmark(): ConfigChange | undefined {
    const position = this.#bookmark;
    this.#bookmark = undefined;
    if (position === undefined || position.sequence <= this.sequence) return undefined;
    this.sequence = position.sequence;
    return {
      cursor: cursorOf(position),
      snapshot: false,
      bookmark: true,
      reset: false,
      config: undefined,
      changes: [],
      movedLayers: [],
    };
  }

  /** Nobody knows how long these wait: they keep what cannot be worked out again. */
  #keepSmall(events: readonly LiveEvent[]): void {
    for (const { before, after } of events) {
      before?.shrink();
      after.shrink();
    }
    this.#collapse();
  }

  /** Those of a round of which some are told already stay: what the cursor says of the others would not hold. */
  #collapse(): void {
    if (this.#events.length <= MOST_EVENTS && this.#bytes <= MOST_BYTES) return;
    const kept = this.#events.filter(({ round }) => round === this.#open);
    const first = this.#events.slice(kept.length);
    // Nothing to gain where every config has one event already.
    if (new Set(first.map(({ configId }) => configId)).size === first.length) return;
    this.#events = [...kept, ...collapse(first)];
    this.#bytes = this.#events.reduce((sum, event) => sum + sizeOfEvent(event), 0);
  }
}
