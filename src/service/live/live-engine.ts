import { type Change, keyText, type Position, type Store, type StoredDocument } from "../../store/store.js";
import { authorize, noSuchAccount } from "../authorize.js";
import type { ConfigCatalog } from "../config-catalog.js";
import { fromStore } from "../from-store.js";
import type { StoreCursor } from "../store-cursor.js";
import { admitted, type Joiner, watchFor } from "./admission.js";
import { CommitSteps } from "./commit-steps.js";
import { CommitTail, type Passed, versionOfChange } from "./commit-tail.js";
import { Deliveries, subscriptionsOf } from "./deliveries.js";
import type { LiveSubscription } from "./live-subscription.js";
import { PastState, type PastStore } from "./past-state.js";
import { firstStates, resumed } from "./replay.js";
import { changeSchemas } from "./schema-step.js";
import { schemasInForce } from "./schemas-in-force.js";
import { type WatchedAccount, type WatchedConfig, WatchedConfigs } from "./watched-configs.js";

export type LiveStore = PastStore & Pick<Store, "changes" | "follow">;

export interface LiveEngineOptions {
  readonly store: LiveStore;
  /** The schemas that are in force now. */
  readonly catalog: () => ConfigCatalog;
  /** Hears of the time of each commit that subscribers were told of, RFC 3339. */
  readonly onTold: (at: string) => void;
  /** Hears that everybody was told everything up to a new position. */
  readonly onMoved: () => void;
}

/** Between tries to reach a store that cannot be reached. Milliseconds. */
const RETRY_MS = { first: 50, longest: 1_000 };
/** So long the feed is followed after the last subscriber has left: most of those who were cut off come back. */
const LINGER_MS = 300_000;
const TRIES_AT_ONCE = 8;

/** What the engine has while it follows the feed. */
interface Following {
  readonly tail: CommitTail;
  readonly steps: CommitSteps;
  readonly deliveries: Deliveries;
}

/**
 * Follows the change feed from one position to the next, one thing at a time: whoever joins comes in between two
 * positions, so that the first state and what is told afterwards fit together.
 */
export class LiveEngine {
  readonly #watched = new WatchedConfigs();
  readonly #subscriptions = new Set<LiveSubscription>();
  #joining: Joiner[] = [];
  #following: Following | undefined;
  #unfollow: (() => void) | undefined;
  #isWoken = false;
  #isBusy = false;
  #isClosed = false;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(private readonly options: LiveEngineOptions) {}

  get subscriptions(): ReadonlySet<LiveSubscription> {
    return this.#subscriptions;
  }

  /** Everybody has been told everything up to here; undefined: nobody is told anything. */
  get position(): StoreCursor | undefined {
    return this.#following?.deliveries.position;
  }

  markTouched(): void {
    this.#following?.deliveries.markTouched();
  }

  /** Looks at what was committed, and at the schemas in force. */
  wake(): void {
    this.#isWoken = true;
    void this.#work();
  }

  join(joiner: Joiner): void {
    clearTimeout(this.#linger);
    this.#joining.push(joiner);
    // What was committed before is to be in the first state.
    this.wake();
  }

  leave(subscription: LiveSubscription): void {
    this.#subscriptions.delete(subscription);
    this.#watched.leave(subscription);
    if (this.#subscriptions.size > 0 || this.#isClosed) return;
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => this.#rest(), LINGER_MS).unref();
  }

  /** Ends every stream. */
  close(): void {
    this.#isClosed = true;
    for (const subscription of [...this.#subscriptions]) subscription.end();
    for (const { subscription, refuse } of this.#joining.splice(0)) {
      subscription.end();
      refuse(noSuchAccount());
    }
    clearTimeout(this.#linger);
    clearTimeout(this.#retry);
    this.#rest();
  }

  #rest(): void {
    if (this.#subscriptions.size > 0 || this.#joining.length > 0) return;
    this.#unfollow?.();
    this.#unfollow = undefined;
    this.#following = undefined;
    this.#watched.clear();
  }

  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (!this.#isClosed && this.#isWoken) {
      this.#isWoken = false;
      const joiners = this.#joining.splice(0);
      try {
        await this.#round(joiners);
        this.#failures = 0;
      } catch (error) {
        this.#failed(joiners, error as Error);
      }
    }
    this.#isBusy = false;
  }

  /** New subscribers are told that it cannot be; those that there are wait until it can. */
  #failed(joiners: readonly Joiner[], error: Error): void {
    for (const joiner of joiners) {
      if (joiner.as === "new") joiner.refuse(error);
      else this.#joining.push(joiner);
    }
    if (this.#following === undefined && this.#joining.length === 0) return;
    clearTimeout(this.#retry);
    const pause = Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** this.#failures++);
    this.#retry = setTimeout(() => this.wake(), pause).unref();
  }

  async #round(joiners: readonly Joiner[]): Promise<void> {
    if (this.#following === undefined && joiners.length === 0) return;
    const schemas = this.#following?.deliveries.schemas ?? schemasInForce(this.options.catalog());
    const { position, added } = await watchFor(joiners, this.options.store, this.#watched, schemas);
    if (position !== undefined && this.#following === undefined) await this.#begin(position);
    if (this.#following === undefined || this.#isClosed) return this.#admit(joiners);
    const isOfIt = position === undefined || position.incarnation === this.#following.tail.incarnation;
    if (!isOfIt || !(await this.#advance(this.#following, position))) return this.#beginAgain(joiners);
    await this.#changeSchemas(this.#following);
    this.#admit(joiners);
    this.options.onMoved();
    // Those who wanted them may have left meanwhile.
    if (this.#joining.length === 0)
      for (const config of added) if (config.subscriptions.size === 0) this.#watched.removeConfig(config);
  }

  async #begin(position: Position): Promise<void> {
    const { store } = this.options;
    // First: what is committed from now on is heard of.
    this.#unfollow ??= store.follow(() => this.wake());
    const tail = await CommitTail.from(store, position);
    const deliveries = new Deliveries(
      { ...position, nonce: tail.last.nonce },
      schemasInForce(this.options.catalog()),
      { onLost: (accounts) => this.#lose(accounts), onTold: this.options.onTold },
    );
    const steps = new CommitSteps({
      store,
      past: new PastState(store),
      watched: this.#watched,
      deliveries,
      passed: (change) => {
        tail.passed(change);
        deliveries.moveTo(change);
      },
    });
    this.#following = { tail, deliveries, steps };
  }

  /** @returns false: what came after the position is not to be known */
  async #advance({ tail, steps }: Following, to: Position | undefined): Promise<boolean> {
    for (;;) {
      const next = await tail.after(tail.last);
      if (next === undefined) return false;
      if (!(await steps.apply(next.changes)) && !(await this.#atOnce(tail, steps, next.changes)))
        return false;
      if (next.isThrough && (to === undefined || tail.last.sequence >= to.sequence)) return true;
      if (this.#isClosed) return true;
    }
  }

  /** What some commits made is gone from the histories already: everything up to now as one step. */
  async #atOnce(tail: CommitTail, steps: CommitSteps, changes: readonly Change[]): Promise<boolean> {
    const { store } = this.options;
    const from = tail.last.sequence;
    let all = [...changes];
    for (let tries = 0; tries < TRIES_AT_ONCE; tries++) {
      const keys = steps.watchedIn(all);
      const { configs, sequence } = await fromStore(store.layers(keys, "own"));
      for (let last = lastOf(all, tail); last.sequence < sequence; last = lastOf(all, tail)) {
        const next = await tail.after(last);
        if (next === undefined || next.changes.length === 0) return false;
        all = [...all, ...next.changes];
      }
      const isExact = lastOf(all, tail).sequence === sequence && steps.watchedIn(all).length === keys.length;
      if (!isExact) continue;
      const documents = new Map<string, StoredDocument | undefined>(
        keys.map((key, index) => [keyText(key), configs[index]?.documents[0]]),
      );
      await steps.applyAtOnce(all, documents, from);
      return true;
    }
    return false;
  }

  async #changeSchemas({ deliveries }: Following): Promise<void> {
    const catalog = this.options.catalog();
    if (catalog.schemaDigest === deliveries.schemas.digest) return;
    const incomplete = await changeSchemas(schemasInForce(catalog), deliveries, this.#watched);
    for (const subscription of incomplete) this.#joinAgain(subscription, "more");
  }

  #admit(joiners: readonly Joiner[]): void {
    const schemas = this.#following?.deliveries.schemas ?? schemasInForce(this.options.catalog());
    for (const joiner of joiners) {
      const { subscription } = joiner;
      try {
        if (subscription.hasEnded) throw noSuchAccount();
        const configs = admitted(joiner, this.#watched, schemas);
        if (configs === undefined) this.#again(joiner);
        else this.#admitTo(joiner, configs);
      } catch (error) {
        joiner.refuse(error as Error);
      }
    }
  }

  #admitTo(joiner: Joiner, configs: readonly WatchedConfig[]): void {
    const { subscription } = joiner;
    const [config] = configs;
    if (config !== undefined) authorize(subscription.options.principal, "read", config.account.lineage);
    this.#subscriptions.add(subscription);
    joiner.admit(configs);
    for (const { subscriptions } of configs) subscriptions.add(subscription);
  }

  #again(joiner: Joiner): void {
    this.#joining.push(joiner);
    this.#isWoken = true;
  }

  /** The feed no longer tells what came after the position: everybody begins anew, with a reset. */
  #beginAgain(joiners: readonly Joiner[]): void {
    const subscribed = [...this.#subscriptions];
    this.#following = undefined;
    for (const account of this.#watched.accounts)
      for (const { subscriptions } of account.configs.values()) subscriptions.clear();
    this.#watched.clear();
    for (const subscription of subscribed) this.#joinAgain(subscription, "reset");
    for (const joiner of joiners) this.#again(joiner);
  }

  #lose(accounts: readonly WatchedAccount[]): void {
    for (const account of accounts) {
      const subscribed = subscriptionsOf(account);
      for (const config of [...account.configs.values()]) {
        config.subscriptions.clear();
        this.#watched.removeConfig(config);
      }
      for (const subscription of subscribed) this.#joinAgain(subscription, "reset");
    }
  }

  #joinAgain(subscription: LiveSubscription, as: "reset" | "more"): void {
    this.#again({
      subscription,
      as,
      admit: (configs) => {
        const position = this.position as StoreCursor;
        if (as === "reset") subscription.beginAgain(firstStates(configs.map(resumed), position, "reset"));
        else {
          const added = configs.filter(({ subscriptions }) => !subscriptions.has(subscription));
          subscription.push(firstStates(added.map(resumed), position, "nothing"));
        }
      },
      refuse: (error) => subscription.end(error),
    });
  }
}

function lastOf(changes: readonly Change[], tail: CommitTail): Passed {
  const last = changes.at(-1);
  return last === undefined ? tail.last : versionOfChange(last);
}
