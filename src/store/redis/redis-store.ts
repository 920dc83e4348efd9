import { StrataError } from "../../domain/errors.js";
import type { SecretStore } from "../secret-store.js";
import {
  type AccountRevision,
  type Change,
  type Changes,
  type Commit,
  type CommitOutcome,
  type Descendants,
  type DescendantsOf,
  type DocumentHistory,
  type DocumentKey,
  type DocumentOwners,
  type DocumentOwnersOf,
  type EarlierOperation,
  HISTORY_BYTES,
  HISTORY_REVISIONS,
  type HistoryOf,
  type HistoryRetention,
  type InheritingAccount,
  type InheritingOf,
  type LayerBodies,
  type LayersAfter,
  type LayersAt,
  type Lineages,
  NAMED_OPERATIONS,
  OPERATION_LIFE_MS,
  type StoredConfigs,
  type StoredDocument,
  type Versions,
  type VersionsOf,
} from "../store.js";
import type { StoreNotice } from "../store-notice.js";
import { within } from "../within.js";
import { HighWaterMark } from "./high-water-mark.js";
import { callFunction, makeNonce } from "./redis-call.js";
import { notApplied, RedisCommitQueue } from "./redis-commit-queue.js";
import { RedisConnection, START_WITHIN_MS } from "./redis-connection.js";
import { refused } from "./redis-errors.js";
import { RedisFeedWatch } from "./redis-feed-watch.js";
import { FUNCTIONS } from "./redis-functions.js";
import { RedisKeys } from "./redis-keys.js";
import { RedisReads } from "./redis-reads.js";
import { readSecret, writeSecret } from "./redis-secret.js";
import { beginUpgrade, upgradeRedisStore } from "./redis-upgrade.js";
import { describeCell, type RedisTarget } from "./redis-url.js";
import { RedisWriteGuard } from "./redis-write-guard.js";

export interface RedisStoreOptions extends Partial<HistoryRetention> {
  readonly target: RedisTarget;
  /** Names the part of the server that this store is: the hash tag of all its keys. */
  readonly cell: string;
  /** How many replicas have each write before it is acknowledged. */
  readonly waitReplicas?: number;
  /** Whether a server that can lose acknowledged writes is written to all the same. */
  readonly allowUnsafe?: boolean;
  /** Where the highest acknowledged sequence is remembered across restarts; absent: in this process only. */
  readonly markFile?: string;
  readonly onNotice?: (notice: StoreNotice) => void;
  /** How many of the newest changes the feed keeps, at least. */
  readonly feedEntries?: number;
  readonly namedOperations?: number;
  readonly operationLifeMs?: { readonly own: number; readonly named: number };
}

const DEFAULTS = {
  waitReplicas: 0,
  allowUnsafe: false,
  onNotice: (_notice: StoreNotice): void => {},
  feedEntries: 1_000_000,
  historyRevisions: HISTORY_REVISIONS,
  historyBytes: HISTORY_BYTES,
  namedOperations: NAMED_OPERATIONS,
  operationLifeMs: OPERATION_LIFE_MS as { readonly own: number; readonly named: number },
};
type Settings = Omit<RedisStoreOptions, "markFile"> &
  typeof DEFAULTS & { readonly markFile: string | undefined };

const PROBE_WITHIN_MS = 1_900;
/**
 * The store in one Redis, for many gateways at once. One function inside Redis checks and applies each commit.
 * @throws StrataError STORE_UNAVAILABLE when it cannot be reached, naming host and reason
 */
export async function openRedisStore(options: RedisStoreOptions): Promise<SecretStore> {
  const store = new RedisStore({ ...DEFAULTS, markFile: undefined, ...options });
  try {
    await store.start();
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

class RedisStore implements SecretStore {
  readonly #settings: Settings;
  readonly #keys: RedisKeys;
  readonly #mark: HighWaterMark;
  readonly #readConnection: RedisConnection;
  readonly #reads: RedisReads;
  readonly #writes: RedisConnection;
  readonly #guard: RedisWriteGuard;
  readonly #commits: RedisCommitQueue;
  readonly #feed: RedisFeedWatch;
  readonly #running = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;
  #upgrading: Promise<void> | undefined;
  readonly #ending = new AbortController();

  constructor(settings: Settings) {
    const { target, cell, onNotice } = settings;
    this.#settings = settings;
    this.#keys = new RedisKeys(cell);
    this.#mark = new HighWaterMark(settings.markFile, (error) =>
      onNotice({
        level: "warn",
        message: `The acknowledged sequence could not be written down: ${error.message}`,
      }),
    );
    const routeKey = this.#keys.meta;
    this.#readConnection = new RedisConnection({ target, name: "strata-reads", routeKey, gathers: true });
    this.#reads = new RedisReads(this.#readConnection, this.#keys, this.#place());
    this.#writes = new RedisConnection({
      target,
      name: "strata-writes",
      routeKey,
      onReady: () => void this.#guard.look(),
      onLost: (cause) => this.#tellLoss(cause),
    });
    this.#guard = new RedisWriteGuard(this.#writes, this.#keys, this.#mark, {
      ...settings,
      replicasMayBePromoted: target.mode !== "single",
      begin: () => this.#begin(),
      beginUpgrade: () => beginUpgrade(this.#writes, this.#keys),
      upgrade: () => this.#upgrade(),
    });
    this.#feed = new RedisFeedWatch({ target, name: "strata-feed", routeKey }, this.#keys.feed);
    this.#commits = new RedisCommitQueue(this.#writes, this.#keys, this.#mark, this.#guard, settings);
  }

  async start(): Promise<void> {
    const tell = (message: string) => this.#settings.onNotice({ level: "warn", message });
    await Promise.all([this.#readConnection.firstReady(), this.#writes.firstReady(START_WITHIN_MS, tell)]);
    await this.#guard.lookAgain();
    const { failure } = this.#guard;
    if (failure !== undefined)
      throw failure instanceof StrataError ? failure : refused(this.#place(), failure);
  }

  /** A store that nobody has written to before is begun; one that is gone is not begun anew. */
  async #begin(): Promise<void> {
    const { meta, sequence, tree } = this.#keys;
    const [incarnation, token] = [makeNonce(), makeNonce()];
    await callFunction(this.#writes, ["FCALL", FUNCTIONS.found, 3, meta, sequence, tree, incarnation, token]);
  }

  /** Beside everything else. Where it breaks off, the next look at the store has it done again. */
  #upgrade(): void {
    if (this.#closing !== undefined) return;
    const { signal } = this.#ending;
    const options = { place: this.#place(), tell: this.#settings.onNotice, signal };
    this.#upgrading ??= this.#track(upgradeRedisStore(this.#writes, this.#keys, options))
      .catch(({ message }: Error) =>
        options.tell({
          level: "warn",
          message: `The upgrade of the store broke off, and is tried again: ${message}`,
        }),
      )
      .finally(() => {
        this.#upgrading = undefined;
      });
  }

  lineages(accountIds: readonly string[]): Promise<Lineages> {
    return this.#reading(() => this.#reads.lineages(accountIds));
  }

  descendants(of: DescendantsOf): Promise<Descendants> {
    return this.#reading(() => this.#reads.descendants(of));
  }

  layers(targets: readonly DocumentKey[], bodies: LayerBodies): Promise<StoredConfigs> {
    return this.#reading(() => this.#reads.layers(targets, bodies));
  }

  documents(keys: readonly DocumentKey[]): Promise<(StoredDocument | undefined)[]> {
    return this.#reading(() => this.#reads.documents(keys));
  }

  layersAt(targets: readonly DocumentKey[], moment: string, now: string): Promise<LayersAt> {
    return this.#reading(() => this.#reads.settledLayersAt(targets, moment, now));
  }

  inheriting(of: InheritingOf): Promise<InheritingAccount[]> {
    return this.#reading(() => this.#reads.inheriting(of));
  }

  layersAfter(targets: readonly DocumentKey[], sequence: number): Promise<LayersAfter> {
    return this.#reading(() => this.#reads.layersAfter(targets, sequence));
  }

  versions(of: VersionsOf): Promise<Versions> {
    return this.#reading(() => this.#reads.versions(of));
  }

  /** Other gateways commit, too: nobody knows without asking. */
  isStillAt(): boolean {
    return false;
  }

  rootId(): Promise<string | undefined> {
    return this.#reading(() => this.#reads.rootId());
  }

  operation(id: string): Promise<EarlierOperation | undefined> {
    return this.#reading(() => this.#reads.operation(id));
  }

  changes(after: number, limit: number): Promise<Changes> {
    return this.#reading(() => this.#reads.changes(after, limit));
  }

  pastChanges(before: number | undefined, limit: number): Promise<Change[]> {
    return this.#reading(() => this.#reads.pastChanges(before, limit));
  }

  accountHistory(accountId: string, after: number, limit: number): Promise<AccountRevision[]> {
    return this.#reading(() => this.#reads.accountHistory(accountId, after, limit));
  }

  history(of: HistoryOf): Promise<DocumentHistory> {
    return this.#reading(() => this.#reads.history(of));
  }

  documentOwners(of: DocumentOwnersOf): Promise<DocumentOwners> {
    return this.#reading(() => this.#reads.documentOwners(of));
  }

  commit(commit: Commit): Promise<CommitOutcome> {
    if (this.#closing !== undefined) return Promise.resolve(notApplied(this.#closed()));
    return this.#track(this.#commits.commit(commit));
  }

  follow(wake: () => void): () => void {
    return this.#feed.follow(wake);
  }

  writeObstacle(): string | undefined {
    return this.#guard.obstacle ?? this.#guard.refusal;
  }

  async probeWrites(): Promise<string | undefined> {
    if (this.#closing !== undefined) return this.#closed().message;
    try {
      await within(PROBE_WITHIN_MS, this.#guard.lookLately());
    } catch (error) {
      return this.writeObstacle() ?? (error as Error).message;
    }
    return this.writeObstacle();
  }

  secret(): Promise<string | undefined> {
    return this.#reading(async () => {
      const known = await readSecret(this.#readConnection, this.#keys);
      if (known !== undefined || this.writeObstacle() !== undefined) return known;
      return this.#track(writeSecret(this.#writes, this.#keys));
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw this.#closed();
    return read();
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    return work.finally(() => this.#running.delete(work));
  }

  async #finish(): Promise<void> {
    this.#ending.abort();
    await Promise.allSettled([...this.#running]);
    this.#guard.close();
    this.#feed.close();
    this.#mark.close();
    this.#readConnection.close();
    this.#writes.close();
  }

  #tellLoss(cause: Error | undefined): void {
    if (this.#closing !== undefined) return;
    const message = `The connection to Redis at ${this.#place()} was lost${cause ? `: ${cause.message}` : ""}.`;
    this.#settings.onNotice({ level: "warn", message });
  }

  #closed(): StrataError {
    return new StrataError("STORE_UNAVAILABLE", `The store in Redis at ${this.#place()} is closed.`);
  }

  #place(): string {
    return describeCell(this.#settings);
  }
}
