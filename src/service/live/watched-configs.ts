import { type DocumentKey, keyText, type Lineage, type StoredDocument } from "../../store/store.js";
import type { ConfigPerspective } from "../config-catalog.js";
import { LiveState } from "./live-state.js";
import type { LiveSubscription } from "./live-subscription.js";
import { SmallSet } from "./small-set.js";

/** A document that subscribed configs are made of, as it is at the position of the engine. */
export class WatchedDocument {
  readonly views = new SmallSet<WatchedConfig>();
  /** Since this sequence every change of it was looked at. */
  readonly watchedFrom: number;
  /** The sequence of the last change of it that accounts could see. */
  visibleAt = 0;

  /** @param asOf the sequence at which it is like that, and at which everything is that is watched */
  constructor(
    readonly key: DocumentKey,
    public document: StoredDocument | undefined,
    asOf: number,
  ) {
    this.watchedFrom = document?.version.sequence ?? asOf;
  }

  /** Whether accounts saw no other document at any time since a sequence. */
  isQuietSince(sequence: number): boolean {
    return sequence >= this.watchedFrom && sequence >= this.visibleAt;
  }
}

/** An account with subscribers, and its ancestors. */
export class WatchedAccount {
  readonly configs = new Map<string, WatchedConfig>();

  constructor(public lineage: Lineage) {}

  get id(): string {
    return this.lineage[0].id;
  }
}

/** One config of an account, for all who subscribe to it. */
export class WatchedConfig {
  readonly subscriptions = new SmallSet<LiveSubscription>();

  /** @param documents of its layers, highest precedence first */
  constructor(
    readonly account: WatchedAccount,
    public from: ConfigPerspective,
    public documents: readonly WatchedDocument[],
  ) {}

  get id(): string {
    return this.from.schema.id;
  }

  /** As it is at the position of the engine. */
  get state(): LiveState {
    return new LiveState(
      this.from,
      this.account.lineage,
      this.documents.map(({ document }) => document),
    );
  }
}

/** Who subscribes to what, as it is at the one position of the engine: by account, by the documents that configs are made of, and by ancestor. */
export class WatchedConfigs {
  readonly #accounts = new Map<string, WatchedAccount>();
  readonly #documents = new Map<string, WatchedDocument>();
  /** By the id of an account: the watched ones that are below it, or are it. */
  readonly #below = new Map<string, Set<WatchedAccount>>();

  get accounts(): Iterable<WatchedAccount> {
    return this.#accounts.values();
  }

  account(id: string): WatchedAccount | undefined {
    return this.#accounts.get(id);
  }

  document(key: DocumentKey): WatchedDocument | undefined {
    return this.#documents.get(keyText(key));
  }

  atOrBelow(accountId: string): readonly WatchedAccount[] {
    return [...(this.#below.get(accountId) ?? [])];
  }

  /** An account that is not watched yet. */
  addAccount(lineage: Lineage): WatchedAccount {
    const account = new WatchedAccount(lineage);
    this.#accounts.set(account.id, account);
    this.#index(account);
    return account;
  }

  addConfig(
    account: WatchedAccount,
    from: ConfigPerspective,
    documents: readonly WatchedDocument[],
  ): WatchedConfig {
    const config = new WatchedConfig(account, from, documents);
    account.configs.set(config.id, config);
    this.#link(config);
    return config;
  }

  /** Other ancestors. Its configs get the documents of their layers by `relink`. */
  setLineage(account: WatchedAccount, lineage: Lineage): void {
    this.#unindex(account);
    account.lineage = lineage;
    this.#index(account);
  }

  relink(config: WatchedConfig, documents: readonly WatchedDocument[]): void {
    const old = config.documents;
    config.documents = documents;
    this.#link(config);
    this.#unlink(
      config,
      old.filter((document) => !documents.includes(document)),
    );
  }

  /** A subscriber has left: what nobody else subscribes to goes. */
  leave(subscription: LiveSubscription): void {
    const account = this.#accounts.get(subscription.options.accountId);
    for (const config of [...(account?.configs.values() ?? [])]) {
      // Some may be watched for others who join just now.
      if (!config.subscriptions.has(subscription)) continue;
      config.subscriptions.delete(subscription);
      if (config.subscriptions.size === 0) this.removeConfig(config);
    }
  }

  removeConfig(config: WatchedConfig): void {
    const { account } = config;
    if (account.configs.get(config.id) !== config) return;
    account.configs.delete(config.id);
    this.#unlink(config, config.documents);
    if (account.configs.size > 0) return;
    this.#unindex(account);
    this.#accounts.delete(account.id);
  }

  /** Other schemas: what accounts saw of documents before tells nothing of what they see now. */
  everythingMoved(sequence: number): void {
    for (const document of this.#documents.values()) document.visibleAt = sequence;
  }

  clear(): void {
    this.#accounts.clear();
    this.#documents.clear();
    this.#below.clear();
  }

  #link(config: WatchedConfig): void {
    for (const document of config.documents) {
      document.views.add(config);
      this.#documents.set(keyText(document.key), document);
    }
  }

  /**
   * Documents of the system layer stay. There are few of them, and others write them: whoever comes back is told what
   * changed meanwhile, however much of it nobody could see.
   */
  #unlink(config: WatchedConfig, documents: readonly WatchedDocument[]): void {
    for (const document of documents) {
      document.views.delete(config);
      const isUsed = document.views.size > 0 || document.key.accountId === undefined;
      if (!isUsed && this.document(document.key) === document) this.#documents.delete(keyText(document.key));
    }
  }

  #index(account: WatchedAccount): void {
    for (const { id } of account.lineage) {
      const below = this.#below.get(id) ?? new Set();
      this.#below.set(id, below.add(account));
    }
  }

  #unindex(account: WatchedAccount): void {
    for (const { id } of account.lineage) {
      const below = this.#below.get(id);
      below?.delete(account);
      if (below?.size === 0) this.#below.delete(id);
    }
  }
}
