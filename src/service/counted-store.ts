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
  Versions,
  VersionsOf,
} from "../store/store.js";

/**
 * A store for one request: its calls are counted, but for what is answered from memory or is not for a request. A class, for
 * one is made for each request: a Proxy or an object of functions takes several microseconds.
 */
export class CountedStore implements Store {
  constructor(
    private readonly store: Store,
    private readonly journal: { storeCalls: number },
  ) {}

  lineages(accountIds: readonly string[]): Promise<Lineages> {
    this.journal.storeCalls++;
    return this.store.lineages(accountIds);
  }

  descendants(of: DescendantsOf): Promise<Descendants> {
    this.journal.storeCalls++;
    return this.store.descendants(of);
  }

  layers(targets: readonly DocumentKey[], bodies: LayerBodies): Promise<StoredConfigs> {
    this.journal.storeCalls++;
    return this.store.layers(targets, bodies);
  }

  documents(keys: readonly DocumentKey[]): Promise<readonly (StoredDocument | undefined)[]> {
    this.journal.storeCalls++;
    return this.store.documents(keys);
  }

  layersAt(targets: readonly DocumentKey[], moment: string, now: string): Promise<LayersAt> {
    this.journal.storeCalls++;
    return this.store.layersAt(targets, moment, now);
  }

  inheriting(of: InheritingOf): Promise<readonly InheritingAccount[]> {
    this.journal.storeCalls++;
    return this.store.inheriting(of);
  }

  layersAfter(targets: readonly DocumentKey[], sequence: number): Promise<LayersAfter> {
    this.journal.storeCalls++;
    return this.store.layersAfter(targets, sequence);
  }

  versions(of: VersionsOf): Promise<Versions> {
    this.journal.storeCalls++;
    return this.store.versions(of);
  }

  isStillAt(sequence: number): boolean {
    return this.store.isStillAt(sequence);
  }

  rootId(): Promise<string | undefined> {
    this.journal.storeCalls++;
    return this.store.rootId();
  }

  commit(commit: Commit): Promise<CommitOutcome> {
    this.journal.storeCalls++;
    return this.store.commit(commit);
  }

  operation(id: string): Promise<EarlierOperation | undefined> {
    this.journal.storeCalls++;
    return this.store.operation(id);
  }

  changes(after: number, limit: number): Promise<Changes> {
    this.journal.storeCalls++;
    return this.store.changes(after, limit);
  }

  pastChanges(before: number | undefined, limit: number): Promise<readonly Change[]> {
    this.journal.storeCalls++;
    return this.store.pastChanges(before, limit);
  }

  accountHistory(accountId: string, after: number, limit: number): Promise<readonly AccountRevision[]> {
    this.journal.storeCalls++;
    return this.store.accountHistory(accountId, after, limit);
  }

  history(of: HistoryOf): Promise<DocumentHistory> {
    this.journal.storeCalls++;
    return this.store.history(of);
  }

  documentOwners(of: DocumentOwnersOf): Promise<DocumentOwners> {
    this.journal.storeCalls++;
    return this.store.documentOwners(of);
  }

  follow(wake: () => void): () => void {
    return this.store.follow(wake);
  }

  writeObstacle(): string | undefined {
    return this.store.writeObstacle();
  }

  probeWrites(): Promise<string | undefined> {
    return this.store.probeWrites();
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
