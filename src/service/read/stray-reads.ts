import type { Store } from "../../store/store.js";

/**
 * Counts the reads of a store that go past the readers of requests. Nobody can tell for which request such a read was
 * made. So it makes the answer of every request that runs at the time uncacheable: whoever reads like that does not have
 * to say so.
 */
export class StrayReads {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The same store, for everything but the readers of requests. What a write reads counts, too: it holds up no answer for long. */
  watch(store: Store): Store {
    const stray = <T>(read: T): T => {
      this.#count++;
      return read;
    };
    return {
      lineages: (accountIds) => stray(store.lineages(accountIds)),
      descendants: (of) => stray(store.descendants(of)),
      layers: (targets, bodies) => stray(store.layers(targets, bodies)),
      documents: (keys) => stray(store.documents(keys)),
      layersAt: (targets, moment, now) => stray(store.layersAt(targets, moment, now)),
      inheriting: (of) => stray(store.inheriting(of)),
      layersAfter: (targets, sequence) => stray(store.layersAfter(targets, sequence)),
      versions: (of) => stray(store.versions(of)),
      isStillAt: (sequence) => stray(store.isStillAt(sequence)),
      rootId: () => stray(store.rootId()),
      commit: (commit) => store.commit(commit),
      operation: (id) => stray(store.operation(id)),
      changes: (after, limit) => stray(store.changes(after, limit)),
      pastChanges: (before, limit) => stray(store.pastChanges(before, limit)),
      accountHistory: (accountId, after, limit) => stray(store.accountHistory(accountId, after, limit)),
      history: (of) => stray(store.history(of)),
      documentOwners: (of) => stray(store.documentOwners(of)),
      follow: (wake) => store.follow(wake),
      writeObstacle: () => store.writeObstacle(),
      probeWrites: () => store.probeWrites(),
      close: () => store.close(),
    };
  }
}
