import type { Position, Store } from "../../store/store.js";
import { authorize, noSuchAccount } from "../authorize.js";
import type { ConfigCatalog } from "../config-catalog.js";
import type { StoreCursor } from "../store-cursor.js";
import { BACKGROUND_MS, yieldToEventLoop } from "../yield-to-event-loop.js";
import { admitted, type Joiner, unwatched, watch } from "./admission.js";
import { subscriptionsOf } from "./deliveries.js";
import { Following } from "./following.js";
import type { LiveSubscription } from "./live-subscription.js";
import type { PastStore } from "./past-state.js";
import { firstStates, resumed } from "./replay.js";
import { changeSchemas } from "./schema-step.js";
import { type SchemasInForce, schemasInForce } from "./schemas-in-force.js";
import { type WatchedAccount, type WatchedConfig, WatchedConfigs } from "./watched-configs.js";

export type LiveStore = PastStore & Pick<Store, "changes" | "follow" | "layers">;

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

/**
 * Follows the change feed from one position to the next, one thing at a time: whoever joins comes in between two
 * positions, so that the first state and what is told afterwards fit together.
 */
export class LiveEngine {
  readonly #watched = new WatchedConfigs();
  readonly #subscriptions = new Set<LiveSubscription>();
  #joining: Joiner[] = [];
  /** What was read for those who join, and is nobody's yet. */
  readonly #added: WatchedConfig[] = [];
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

  async markTouched(): Promise<void> {
    await this.#following?.deliveries.markTouched();
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
    this.#following?.stop();
    for (const subscription of [...this.#subscriptions]) subscription.end();
    this.#turnAway(this.#joining.splice(0));
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
    if (this.#following !== undefined || this.#joining.length > 0) this.#tryLater();
  }

  #tryLater(): void {
    clearTimeout(this.#retry);
    const pause = Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** this.#failures++);
    this.#retry = setTimeout(() => this.wake(), pause).unref();
  }

  async #round(joiners: readonly Joiner[]): Promise<void> {
    if (this.#following === undefined && joiners.length === 0) return;
    const schemas = this.#schemas();
    const old = this.#following?.deliveries.schemas ?? schemas;
    const ofAll =
      schemas === old
        ? []
        : [...this.#subscriptions].filter(({ options }) => options.configIds === undefined);
    const absent = new Set<string>();
    const wanting = [...joiners.map(({ subscription }) => subscription), ...ofAll];
    const isWatched = await this.#watch(wanting, schemas, absent);
    if (!isWatched || (await this.#following?.advance()) === false) return this.#beginAgain(joiners);
    if (this.#isClosed) return this.#turnAway(joiners);
    if (this.#following !== undefined && schemas !== old)
      await changeSchemas(schemas, this.#following.deliveries, this.#watched, ofAll);
    this.#failures = 0;
    await this.#admit(joiners, absent);
    this.options.onMoved();
    if (this.#joining.length === 0) this.#dropUnclaimed();
  }

  /** Those who wanted them may have left meanwhile. */
  #dropUnclaimed(): void {
    for (const config of this.#added.splice(0))
      if (config.subscriptions.size === 0) this.#watched.removeConfig(config);
  }

  #schemas(): SchemasInForce {
    const catalog = this.options.catalog();
    const known = this.#following?.deliveries.schemas;
    return known?.digest === catalog.schemaDigest ? known : schemasInForce(catalog);
  }

  /**
   * Has watched what subscribers want and nobody has yet. What was read counts once the engine has come to exactly the
   * position at which it was read: there it fits together with everything else.
   * @param absent gets the ids of accounts that there are not
   * @returns false: what came after the position of the engine is not to be known
   */
  async #watch(
    wanting: readonly LiveSubscription[],
    schemas: SchemasInForce,
    absent: Set<string>,
  ): Promise<boolean> {
    for await (const read of unwatched(wanting, this.options.store, this.#watched, schemas)) {
      const position = read.layers.find((found) => found !== undefined)?.position;
      for (const [index, { accountId }] of read.targets.entries())
        if (accountId !== undefined && read.layers[index] === undefined) absent.add(accountId);
      if (position === undefined || this.#isClosed) continue;
      this.#following ??= await this.#follow(position, schemas);
      const { tail } = this.#following;
      const isOfIt = position.incarnation === tail.incarnation;
      if (!isOfIt || !(await this.#following.advance(position.sequence))) return false;
      // Else it went further in one step: what is missing is read again.
      if (tail.last.sequence === position.sequence) this.#added.push(...watch(read, this.#watched, schemas));
    }
    return true;
  }

  #follow(position: Position, schemas: SchemasInForce): Promise<Following> {
    const { store, onTold } = this.options;
    // First: what is committed from now on is heard of.
    this.#unfollow ??= store.follow(() => this.wake());
    return Following.from(position, {
      store,
      watched: this.#watched,
      schemas,
      onLost: (accounts) => this.#lose(accounts),
      onTold,
    });
  }

  /** Meanwhile the position stays; subscribers may leave, and the engine may be closed. */
  async #admit(joiners: readonly Joiner[], absent: ReadonlySet<string>): Promise<void> {
    const schemas = this.#following?.deliveries.schemas ?? this.#schemas();
    for (const [index, joiner] of joiners.entries()) {
      await yieldToEventLoop(BACKGROUND_MS);
      if (this.#isClosed) return this.#turnAway(joiners.slice(index));
      const { subscription } = joiner;
      try {
        if (subscription.hasEnded) throw noSuchAccount();
        const configs = admitted(joiner, this.#watched, schemas);
        if (configs !== undefined) this.#admitTo(joiner, configs);
        else if (absent.has(subscription.options.accountId)) throw noSuchAccount();
        else this.#again(joiner);
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
    this.#watched.clear();
    this.#added.length = 0;
    this.#joining.push(...joiners);
    for (const subscription of subscribed)
      if (!subscription.isLost) this.#joining.push(this.#lost(subscription));
    // Not at once: a feed that cannot be followed for long would keep this busy.
    this.#tryLater();
  }

  async #lose(accounts: readonly WatchedAccount[]): Promise<void> {
    for (const account of accounts) {
      await yieldToEventLoop(BACKGROUND_MS);
      const subscribed = subscriptionsOf(account);
      for (const config of [...account.configs.values()]) {
        config.subscriptions.clear();
        this.#watched.removeConfig(config);
      }
      for (const subscription of subscribed) this.#again(this.#lost(subscription));
    }
  }

  #lost(subscription: LiveSubscription): Joiner {
    subscription.lose();
    return {
      subscription,
      as: "reset",
      admit: (configs) => {
        const position = this.position as StoreCursor;
        subscription.beginAgain(firstStates(configs.map(resumed), position, "reset"));
      },
      refuse: (error) => subscription.end(error),
    };
  }

  #turnAway(joiners: readonly Joiner[]): void {
    for (const { subscription, refuse } of joiners) {
      subscription.end();
      refuse(noSuchAccount());
    }
  }
}
