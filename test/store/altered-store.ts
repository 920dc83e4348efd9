import type { Store } from "../../src/store/store.js";

/** The same store, with some of its calls replaced. */
export function alteredStore(store: Store, calls: Partial<Store>): Store {
  return {
    lineages: (accountIds) => store.lineages(accountIds),
    descendants: (of) => store.descendants(of),
    layers: (targets, bodies) => store.layers(targets, bodies),
    documents: (keys) => store.documents(keys),
    layersAt: (targets, moment, now) => store.layersAt(targets, moment, now),
    inheriting: (of) => store.inheriting(of),
    layersAfter: (targets, sequence) => store.layersAfter(targets, sequence),
    versions: (of) => store.versions(of),
    isStillAt: (sequence) => store.isStillAt(sequence),
    rootId: () => store.rootId(),
    commit: (commit) => store.commit(commit),
    operation: (id) => store.operation(id),
    changes: (after, limit) => store.changes(after, limit),
    pastChanges: (before, limit) => store.pastChanges(before, limit),
    accountHistory: (accountId, after, limit) => store.accountHistory(accountId, after, limit),
    history: (of) => store.history(of),
    documentOwners: (of) => store.documentOwners(of),
    follow: (wake) => store.follow(wake),
    writeObstacle: () => store.writeObstacle(),
    probeWrites: () => store.probeWrites(),
    close: () => store.close(),
    ...calls,
  };
}
