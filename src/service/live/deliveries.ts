import { type Change, type Position, sequenceOfChange } from "../../store/store.js";
import { mayAccess, noSuchAccount } from "../authorize.js";
import { commitMark, type StoreCursor } from "../store-cursor.js";
import { yieldInBackground } from "../yield-to-event-loop.js";
import { versionOfChange } from "./commit-tail.js";
import { byConfigId, type LiveEvent, type Round } from "./live-event.js";
import type { LiveState } from "./live-state.js";
import type { LiveSubscription } from "./live-subscription.js";
import type { SchemasInForce } from "./schemas-in-force.js";
import type { Touched, TouchedAccounts } from "./touched.js";
import type { WatchedAccount, WatchedDocument } from "./watched-configs.js";

export interface DeliveryOptions {
  /** Whoever subscribes to these accounts begins again with a reset: what became of them cannot be told. */
  readonly onLost: (accounts: readonly WatchedAccount[]) => Promise<void>;
  /** Hears of each commit that subscribers were told of. @param at its time, RFC 3339 */
  readonly onTold: (at: string) => void;
}

/** Tells subscribers what a step changed for them, and knows up to where they have been told. */
export class Deliveries {
  #position: StoreCursor;
  /** Documents that changed since somebody last asked, while accounts saw no change. */
  readonly #quietlyTouched = new Set<WatchedDocument>();

  constructor(
    position: Position & { readonly nonce: string | undefined },
    public schemas: SchemasInForce,
    private readonly options: DeliveryOptions,
  ) {
    const { incarnation, sequence, nonce } = position;
    this.#position = { incarnation, sequence, commit: commitMark(nonce) };
  }

  /** Every subscriber has been told everything up to here. */
  get position(): StoreCursor {
    return { schema: this.schemas.mark, ...this.#position };
  }

  moveTo(change: Change): void {
    this.#position = this.#positionOf(change);
  }

  perspective(configId: string): LiveState["from"]["perspective"] | undefined {
    return this.schemas.configs.get(configId)?.perspective;
  }

  /** @param before the sequence before the step */
  async tell(touched: TouchedAccounts, change: Change, before: number): Promise<void> {
    const position = { schema: this.schemas.mark, ...this.#positionOf(change) };
    const isTold = await this.tellRound(touched, { position, before });
    if (isTold) this.options.onTold(change.at);
  }

  /** The events of one account's configs go out together: each cursor says whether others of its position follow. */
  async tellRound(accounts: TouchedAccounts, round: Round): Promise<boolean> {
    let isTold = false;
    for (const configs of accounts) {
      const told = new Map<LiveSubscription, LiveEvent[]>();
      for (const touched of configs) {
        await yieldInBackground();
        const { subscriptions } = touched.config;
        const event = subscriptions.size === 0 ? undefined : eventOf(touched, round);
        if (event === undefined) continue;
        for (const subscription of subscriptions) {
          const events = told.get(subscription) ?? [];
          told.set(subscription, events);
          events.push(event);
        }
      }
      for (const [subscription, events] of told) {
        await yieldInBackground();
        subscription.push(events.sort(byConfigId));
      }
      isTold ||= told.size > 0;
    }
    return isTold;
  }

  end(account: WatchedAccount, error: Error): void {
    for (const subscription of subscriptionsOf(account)) subscription.end(error);
  }

  beginAgain(accounts: readonly WatchedAccount[]): Promise<void> {
    return this.options.onLost(accounts);
  }

  /** Ends the subscriptions of those who may not access the account any more. */
  refuseForeign(account: WatchedAccount): void {
    for (const subscription of subscriptionsOf(account))
      if (!mayAccess(subscription.options.principal, account.lineage)) subscription.end(noSuchAccount());
  }

  touchQuietly(document: WatchedDocument): void {
    this.#quietlyTouched.add(document);
  }

  /** Marks the subscribers of documents that changed since the last call, while nobody could see it. */
  async markTouched(): Promise<void> {
    const documents = [...this.#quietlyTouched];
    this.#quietlyTouched.clear();
    for (const { views } of documents)
      for (const { subscriptions } of views) {
        await yieldInBackground();
        for (const subscription of subscriptions) subscription.isTouched = true;
      }
  }

  #positionOf(change: Change): StoreCursor {
    const { incarnation } = this.#position;
    return {
      incarnation,
      sequence: sequenceOfChange(change),
      commit: commitMark(versionOfChange(change).nonce),
    };
  }
}

export function subscriptionsOf(account: WatchedAccount): ReadonlySet<LiveSubscription> {
  return new Set([...account.configs.values()].flatMap(({ subscriptions }) => [...subscriptions]));
}

function eventOf({ config, before, moved }: Touched, round: Round): LiveEvent | undefined {
  const after = config.state;
  if (before !== undefined && after.looksLike(before)) return undefined;
  return { round, configId: config.id, before, after, moved, isReset: false };
}
