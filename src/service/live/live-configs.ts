import type { Principal } from "../../auth/principal.js";
import { StrataError } from "../../domain/errors.js";
import { checkId } from "../../domain/id.js";
import { authorize, noSuchAccount } from "../authorize.js";
import { ConcurrencyLimit } from "../concurrency-limit.js";
import type { ConfigCatalog } from "../config-catalog.js";
import type { RequestReader } from "../read/request-reader.js";
import { positionIn, type StoreCursor } from "../store-cursor.js";
import { guardTiming } from "../timing-guard.js";
import { Bookmarks } from "./bookmarks.js";
import type { ConfigChange } from "./config-change.js";
import { LiveEngine, type LiveStore } from "./live-engine.js";
import { LiveSubscription } from "./live-subscription.js";
import { firstStates, Replayer, type ResumeOutcome, resumed } from "./replay.js";
import type { WatchedConfig } from "./watched-configs.js";

export interface LiveRequest {
  readonly principal: Principal;
  readonly accountId: string;
  /** Absent: every config that accounts have. */
  readonly configIds?: readonly string[] | undefined;
  /** A cursor of a config or of a message: what came after it is told, in place of a first state of everything. */
  readonly since?: string | undefined;
  /** Whether messages come that move nothing but the cursor. */
  readonly bookmarks?: boolean | undefined;
  /** Ends the subscription. */
  readonly signal?: AbortSignal | undefined;
}

/** Hears of what happens, for the metrics. */
export interface LiveNotices {
  readonly subscribers?: (count: number) => void;
  readonly message?: (kind: "snapshot" | "change" | "bookmark" | "reset") => void;
  readonly resumed?: (outcome: ResumeOutcome) => void;
  /** From a commit to the moment at which its messages were ready. */
  readonly lag?: (seconds: number) => void;
}

export interface LiveDependencies {
  readonly store: LiveStore;
  /** The schemas that are in force now. */
  readonly openConfigs: () => ConfigCatalog;
  readonly createReader: (principal: Principal) => RequestReader;
  readonly now: () => Date;
  readonly notices?: LiveNotices | undefined;
}

/** Each holds some MiB of histories. */
const REPLAYS_AT_ONCE = 8;

/** Tells subscribers what changes in the configs that they see (R21). */
export class LiveConfigs {
  readonly #engine: LiveEngine;
  readonly #replayer: Replayer;
  readonly #replays = new ConcurrencyLimit(REPLAYS_AT_ONCE);
  readonly #bookmarks: Bookmarks;
  #isClosed = false;

  constructor(private readonly dependencies: LiveDependencies) {
    const { store, openConfigs: catalog, now, notices } = dependencies;
    this.#engine = new LiveEngine({
      store,
      catalog,
      onTold: (at) => notices?.lag?.(Math.max(0, now().getTime() - Date.parse(at)) / 1_000),
      onMoved: () => this.#bookmarks.moved(),
    });
    this.#replayer = new Replayer(store);
    this.#bookmarks = new Bookmarks(this.#engine);
  }

  /**
   * First one snapshot for each config, then one message for each change of what the account sees. Once it resolves the
   * caller is known to be allowed to. The stream ends with an error when the account leaves the caller's reach.
   * @throws StrataError UNAUTHENTICATED, FORBIDDEN, ACCOUNT_NOT_FOUND, CONFIG_NOT_FOUND, BAD_USER_INPUT, STORE_UNAVAILABLE
   */
  async subscribe(request: LiveRequest): Promise<AsyncIterableIterator<ConfigChange>> {
    const { principal, signal } = request;
    const since = request.since === undefined ? undefined : positionIn(request.since, "/since");
    await this.#check(request);
    if (this.#isClosed) throw new StrataError("STORE_UNAVAILABLE", "The service is about to end.");
    const subscription = this.#open(request, since);
    signal?.addEventListener("abort", () => subscription.end(), { once: true });
    if (signal?.aborted) subscription.end();
    await guardTiming(principal, () => this.#join(subscription));
    return subscription;
  }

  /** Takes the schemas that are in force now, and tells subscribers what that changes for them. */
  schemasChanged(): void {
    this.#engine.wake();
  }

  /** Ends every stream, without an error: each may go on elsewhere, from its last cursor. */
  close(): void {
    this.#isClosed = true;
    this.#bookmarks.stop();
    this.#engine.close();
  }

  /** As for a read of each of the configs. */
  async #check({ principal, accountId, configIds }: LiveRequest): Promise<void> {
    const catalog = this.dependencies.openConfigs();
    if (configIds?.length === 0)
      throw new StrataError("BAD_USER_INPUT", "Name a config to be told of, or leave the list out for all.", {
        pointer: "/configIds",
      });
    for (const [index, id] of configIds?.entries() ?? []) checkId(id, "config", `/configIds/${index}`);
    const wanted = configIds ?? catalog.accountConfigIds();
    for (const configId of wanted) catalog.checked(principal, "read", { accountId, configId });
    const ancestry = await this.dependencies.createReader(principal).ancestry(accountId);
    if (ancestry === undefined) throw noSuchAccount();
    authorize(principal, "read", ancestry.lineage);
    for (const configId of wanted) catalog.perspective(principal, { accountId, configId });
  }

  #open(request: LiveRequest, since: StoreCursor | undefined): LiveSubscription {
    const { notices } = this.dependencies;
    const { principal, accountId, configIds, bookmarks = false } = request;
    const subscription: LiveSubscription = new LiveSubscription({
      principal,
      accountId,
      configIds: configIds && [...new Set(configIds)],
      since,
      bookmarks,
      onMessage: (change) => notices?.message?.(kindOf(change)),
      onEnd: () => {
        this.#engine.leave(subscription);
        this.#count();
      },
    });
    return subscription;
  }

  /** Resolves once the first messages are there. */
  #join(subscription: LiveSubscription): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = (error: Error) => {
        // Whoever left meanwhile wants to know nothing.
        if (subscription.hasEnded) return resolve();
        subscription.end();
        reject(error);
      };
      this.#engine.join({
        subscription,
        as: "new",
        admit: (configs) => {
          this.#count();
          if (subscription.options.bookmarks) this.#bookmarks.start();
          this.#begin(subscription, configs).then(resolve, refuse);
        },
        refuse,
      });
    });
  }

  async #begin(subscription: LiveSubscription, configs: readonly WatchedConfig[]): Promise<void> {
    const { since, bookmarks } = subscription.options;
    const position = this.#engine.position;
    if (position === undefined) return;
    const first = configs.map(resumed);
    if (since === undefined) return subscription.push(firstStates(first, position, "nothing"));
    await this.#replays.run(async () => {
      // It may have left while it waited.
      if (subscription.hasEnded) return;
      const { events, outcome } = await this.#replayer.replay(since, first, position);
      this.dependencies.notices?.resumed?.(outcome);
      subscription.release(events);
      if (bookmarks && events.length === 0) subscription.bookmark(position);
    });
  }

  #count(): void {
    this.dependencies.notices?.subscribers?.(this.#engine.subscriptions.size);
  }
}

function kindOf({ bookmark, reset, snapshot }: ConfigChange) {
  if (bookmark) return "bookmark";
  if (reset) return "reset";
  return snapshot ? "snapshot" : "change";
}
