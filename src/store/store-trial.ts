import type {
  AccountRevision,
  Change,
  Changes,
  Commit,
  CommitOutcome,
  Descendants,
  DescendantsOf,
  DocumentHistory,
  DocumentKey,
  DocumentOwners,
  DocumentOwnersOf,
  EarlierOperation,
  HistoryOf,
  InheritingAccount,
  InheritingOf,
  LayerBodies,
  LayersAfter,
  LayersAt,
  Lineages,
  Store,
  StoredConfigs,
  StoredDocument,
  StoreReads,
  Version,
  Versions,
  VersionsOf,
} from "./store.js";
import { keyText } from "./store.js";

/**
 * A store to try writes of documents on: it reads another store, and keeps what is committed to it in memory. What it answers
 * about the present is as if those commits had been made; histories, the change feed and past moments are the other
 * store's. For one writer: a commit is not checked against what it expects.
 */
export class StoreTrial implements Store {
  /** What was committed here, by `keyText`: always the same object, as what is made of documents is known by them. */
  readonly #documents = new Map<string, StoredDocument>();
  /** Of the newest commit of the other store, as far as it was read. */
  #sequence = 0;

  /** @param onListed told of accounts whose inheritance is looked at: how many came with one call */
  constructor(
    private readonly reads: StoreReads,
    private readonly onListed: (accounts: number) => void = () => {},
  ) {}

  lineages(accountIds: readonly string[]): Promise<Lineages> {
    return this.reads.lineages(accountIds);
  }

  descendants(of: DescendantsOf): Promise<Descendants> {
    return this.reads.descendants(of);
  }

  async inheriting(of: InheritingOf): Promise<readonly InheritingAccount[]> {
    const accounts = await this.reads.inheriting(of);
    this.onListed(accounts.length);
    if (this.#documents.size === 0) return accounts;
    return accounts.map((account) => {
      const tried = this.#tried({ accountId: account.path.at(-1), configId: of.configId });
      return tried === undefined ? account : { ...account, hasDocument: tried.override !== undefined };
    });
  }

  async layers(targets: readonly DocumentKey[], bodies: LayerBodies): Promise<StoredConfigs> {
    const stored = await this.reads.layers(targets, bodies);
    this.#sequence = Math.max(this.#sequence, stored.sequence);
    const configs = stored.configs.map((config) => {
      if (config === undefined || !config.keys.some((key) => this.#tried(key) !== undefined)) return config;
      const { keys, versions, documents } = config;
      return {
        ...config,
        versions: keys.map((key, index) => this.#tried(key)?.version ?? versions[index]),
        documents: documents.map((document, index) => this.#tried(keys[index] as DocumentKey) ?? document),
      };
    });
    return { ...stored, configs };
  }

  async documents(keys: readonly DocumentKey[]): Promise<readonly (StoredDocument | undefined)[]> {
    const documents = await this.reads.documents(keys);
    return keys.map((key, index) => this.#tried(key) ?? documents[index]);
  }

  layersAt(targets: readonly DocumentKey[], moment: string, now: string): Promise<LayersAt> {
    return this.reads.layersAt(targets, moment, now);
  }

  layersAfter(targets: readonly DocumentKey[], sequence: number): Promise<LayersAfter> {
    return this.reads.layersAfter(targets, sequence);
  }

  async versions(of: VersionsOf): Promise<Versions> {
    const versions = await this.reads.versions(of);
    const tried = of.documents.map((key, index) => this.#tried(key)?.version ?? versions.documents[index]);
    return { ...versions, documents: tried };
  }

  isStillAt(): boolean {
    return false;
  }

  rootId(): Promise<string | undefined> {
    return this.reads.rootId();
  }

  async commit({ write, expect, at, by, note }: Commit): Promise<CommitOutcome> {
    if (write.on !== "document") {
      return { outcome: "notApplied", cause: new Error("accounts are not written on trial") };
    }
    const before = expect.documents.find(({ key }) => keyText(key) === keyText(write.key))?.version;
    const version: Version = {
      revision: (before?.revision ?? 0) + 1,
      sequence: this.#sequence,
      nonce: `trial-${this.#documents.size}`,
    };
    const { override, constraints, pins, blame } = write;
    this.#documents.set(keyText(write.key), {
      version,
      override,
      ...(constraints && { constraints }),
      ...(pins && { pins }),
      ...(blame !== undefined && { blame: { version, text: blame } }),
      ...(note !== undefined && { note }),
      updatedAt: at,
      updatedBy: by,
    });
    return { outcome: "done", replayed: false, version, at };
  }

  async operation(): Promise<EarlierOperation | undefined> {
    return undefined;
  }

  changes(after: number, limit: number): Promise<Changes> {
    return this.reads.changes(after, limit);
  }

  pastChanges(before: number | undefined, limit: number): Promise<readonly Change[]> {
    return this.reads.pastChanges(before, limit);
  }

  accountHistory(accountId: string, after: number, limit: number): Promise<readonly AccountRevision[]> {
    return this.reads.accountHistory(accountId, after, limit);
  }

  history(of: HistoryOf): Promise<DocumentHistory> {
    return this.reads.history(of);
  }

  documentOwners(of: DocumentOwnersOf): Promise<DocumentOwners> {
    return this.reads.documentOwners(of);
  }

  /** Nobody else commits here, and those who do read again themselves. */
  follow(): () => void {
    return () => {};
  }

  writeObstacle(): string | undefined {
    return undefined;
  }

  async probeWrites(): Promise<string | undefined> {
    return undefined;
  }

  /** The other store stays open. */
  async close(): Promise<void> {
    this.#documents.clear();
  }

  #tried(key: DocumentKey): StoredDocument | undefined {
    return this.#documents.get(keyText(key));
  }
}
