import { LRUCache } from "lru-cache";
import {
  type Change,
  type DocumentKey,
  keyText,
  type Store,
  sequenceOfChange,
  type Version,
  type Versions,
  type VersionsOf,
} from "./store.js";

export interface BoundedStoreOptions {
  /** How old, in milliseconds, an answer of `versions` may be. */
  readonly maxStalenessMs: number;
  /** How many versions are remembered. */
  readonly entries: number;
}

const CHANGES_PER_LOOK = 10_000;

/** A version as it was at a sequence, and still is as long as the feed tells of no change of it. */
interface Known {
  readonly version: Version | undefined;
  readonly sequence: number;
}

/**
 * The same store, answering `versions` from memory as long as the change feed has confirmed, within the bound, that
 * nothing asked for has changed. What this process commits itself it sees at once. Everything else goes to the store, and
 * what was seen there is not forgotten again: nobody sees time run backwards.
 */
export function boundStaleness(store: Store, options: BoundedStoreOptions): Store {
  const follower = new Follower(store, options);
  follower.start();
  return {
    async lineages(accountIds) {
      const found = await store.lineages(accountIds);
      for (const lineage of found.lineages) follower.seeAll(lineage ?? []);
      return found;
    },
    descendants: (of) => store.descendants(of),
    async layers(targets, bodies) {
      const found = await store.layers(targets, bodies);
      for (const config of found.configs) {
        follower.seeAll(config?.lineage ?? []);
        for (const version of config?.versions ?? []) follower.see(version);
      }
      return found;
    },
    async documents(keys) {
      const found = await store.documents(keys);
      follower.seeAll(found);
      return found;
    },
    layersAt: (targets, moment, now) => store.layersAt(targets, moment, now),
    inheriting: (of) => store.inheriting(of),
    layersAfter: (targets, sequence) => store.layersAfter(targets, sequence),
    versions: (of) => follower.versions(of),
    isStillAt: (sequence) => store.isStillAt(sequence),
    rootId: () => store.rootId(),
    async commit(commit) {
      const outcome = await store.commit(commit);
      if (outcome.outcome === "done") follower.see(outcome.version);
      // Whether it was written nobody knows: nothing known before it is good enough.
      if (outcome.outcome === "unknown") follower.forget();
      return outcome;
    },
    operation: (id) => store.operation(id),
    changes: (after, limit) => store.changes(after, limit),
    pastChanges: (before, limit) => store.pastChanges(before, limit),
    accountHistory: (accountId, after, limit) => store.accountHistory(accountId, after, limit),
    history: (of) => store.history(of),
    documentOwners: (of) => store.documentOwners(of),
    follow: (wake) => store.follow(wake),
    writeObstacle: () => store.writeObstacle(),
    probeWrites: () => store.probeWrites(),
    async close() {
      follower.stop();
      await store.close();
    },
  };
}

class Follower {
  readonly #known: LRUCache<string, Known>;
  /** Everything up to here has been seen in the feed; undefined: nothing yet. */
  #position: number | undefined;
  #tree = "";
  #incarnation = "";
  /** When the confirmation of the position was asked for. */
  #confirmedAt = Number.NEGATIVE_INFINITY;
  /** Nothing from before this is good enough. */
  #floor = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    private readonly store: Store,
    private readonly options: BoundedStoreOptions,
  ) {
    this.#known = new LRUCache({ max: options.entries });
  }

  start(): void {
    void this.#follow();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Something was seen in this version: nothing from before it is good enough any more. */
  see(version: Version | undefined): void {
    if (version !== undefined) this.#floor = Math.max(this.#floor, version.sequence);
  }

  seeAll(records: readonly ({ readonly version: Version } | undefined)[]): void {
    for (const record of records) this.see(record?.version);
  }

  forget(): void {
    this.#known.clear();
    this.#position = undefined;
  }

  async versions(of: VersionsOf): Promise<Versions> {
    return this.#remembered(of) ?? this.#ask(of);
  }

  #remembered({ accounts, documents }: VersionsOf): Versions | undefined {
    const position = this.#position;
    if (position === undefined || position < this.#floor) return undefined;
    if (performance.now() - this.#confirmedAt > this.options.maxStalenessMs) return undefined;
    const known = [...accounts.map(accountName), ...documents.map(documentName)].map((name) =>
      this.#known.get(name),
    );
    // What was read ahead of the feed may be newer than the rest: then the answer would not be of one moment.
    if (!known.every((entry) => entry !== undefined && entry.sequence <= position)) return undefined;
    const versions = known.map((entry) => entry?.version);
    return {
      tree: this.#tree,
      incarnation: this.#incarnation,
      sequence: position,
      accounts: versions.slice(0, accounts.length),
      documents: versions.slice(accounts.length),
    };
  }

  async #ask(of: VersionsOf): Promise<Versions> {
    const found = await this.store.versions(of);
    const { sequence, tree, incarnation } = found;
    const position = this.#position;
    // The feed may have told already of changes that came after this answer was made: then it is not kept.
    if (position === undefined || position > sequence) return found;
    this.#tree = tree;
    this.#incarnation = incarnation;
    for (const [index, id] of of.accounts.entries())
      this.#known.set(accountName(id), { version: found.accounts[index], sequence });
    for (const [index, key] of of.documents.entries())
      this.#known.set(documentName(key), { version: found.documents[index], sequence });
    return found;
  }

  async #follow(): Promise<void> {
    const askedAt = performance.now();
    try {
      const isThrough = await this.#look();
      if (isThrough) this.#confirmedAt = askedAt;
    } catch {
      // Not confirmed: reads ask the store until it is.
    }
    if (this.#stopped) return;
    const pause = Math.max(1, this.options.maxStalenessMs / 3 - (performance.now() - askedAt));
    this.#timer = setTimeout(() => void this.#follow(), pause).unref();
  }

  /** @returns whether everything up to the moment of asking has been seen */
  async #look(): Promise<boolean> {
    if (this.#position === undefined) {
      const { sequence } = await this.store.changes(Number.MAX_SAFE_INTEGER - 1, 1);
      this.#known.clear();
      this.#position = sequence;
      return true;
    }
    const { changes, sequence } = await this.store.changes(this.#position, CHANGES_PER_LOOK);
    if (changes === undefined || sequence < this.#position) {
      this.forget();
      return false;
    }
    for (const change of changes) this.#drop(change);
    const last = changes.at(-1);
    if (last !== undefined && this.#position !== undefined) this.#position = sequenceOfChange(last);
    return changes.length < CHANGES_PER_LOOK;
  }

  #drop(change: Change): void {
    // The tree token may be another one now, and documents may have gone with their account.
    if (change.on === "account" && change.kind !== "CREATE") this.#known.clear();
    const name = change.on === "account" ? accountName(change.account.id) : documentName(change.key);
    const known = this.#known.get(name);
    if (known !== undefined && known.sequence < sequenceOfChange(change)) this.#known.delete(name);
  }
}

function accountName(id: string): string {
  return `a ${id}`;
}

function documentName(key: DocumentKey): string {
  return `d ${keyText(key)}`;
}
