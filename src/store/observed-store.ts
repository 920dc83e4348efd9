import { StrataError } from "../domain/errors.js";
import type { Store } from "./store.js";

export interface StoreCall {
  readonly operation:
    | "lineages"
    | "descendants"
    | "layers"
    | "documents"
    | "inheriting"
    | "layersAt"
    | "layersAfter"
    | "versions"
    | "rootId"
    | "commit"
    | "operation"
    | "changes"
    | "pastChanges"
    | "accountHistory"
    | "history"
    | "documentOwners";
  /** How many accounts or documents were asked for; 1 for the root and for a commit. */
  readonly size: number;
  readonly seconds: number;
  /** A commit's outcome; of a read `done`. Where the call threw, the error's code. */
  readonly outcome: string;
}

/** The same store, telling of each call once it has ended. Closing is not a call. */
export function observeStore(store: Store, onCall: (call: StoreCall) => void): Store {
  function observed<T>(
    operation: StoreCall["operation"],
    size: number,
    run: () => Promise<T>,
    outcomeOf: (answer: T) => string = () => "done",
  ): Promise<T> {
    const start = performance.now();
    const tell = (outcome: string) =>
      onCall({ operation, size, seconds: (performance.now() - start) / 1_000, outcome });
    const answer = run();
    // Observe beside the result: the caller waits for the store only.
    answer.then(
      (found) => tell(outcomeOf(found)),
      (error: unknown) => tell(error instanceof StrataError ? error.code : "INTERNAL_SERVER_ERROR"),
    );
    return answer;
  }

  return {
    lineages: (accountIds) => observed("lineages", accountIds.length, () => store.lineages(accountIds)),
    descendants: (of) => observed("descendants", 1, () => store.descendants(of)),
    layers: (targets, bodies) => observed("layers", targets.length, () => store.layers(targets, bodies)),
    documents: (keys) => observed("documents", keys.length, () => store.documents(keys)),
    layersAt: (targets, moment, now) =>
      observed("layersAt", targets.length, () => store.layersAt(targets, moment, now)),
    inheriting: (of) => observed("inheriting", of.limit, () => store.inheriting(of)),
    layersAfter: (targets, sequence) =>
      observed("layersAfter", targets.length, () => store.layersAfter(targets, sequence)),
    versions: (of) =>
      observed("versions", of.accounts.length + of.documents.length, () => store.versions(of)),
    isStillAt: (sequence) => store.isStillAt(sequence),
    rootId: () => observed("rootId", 1, () => store.rootId()),
    commit: (commit) =>
      observed(
        "commit",
        1,
        () => store.commit(commit),
        (answer) => answer.outcome,
      ),
    operation: (id) => observed("operation", 1, () => store.operation(id)),
    changes: (after, limit) => observed("changes", 1, () => store.changes(after, limit)),
    pastChanges: (before, limit) => observed("pastChanges", 1, () => store.pastChanges(before, limit)),
    accountHistory: (accountId, after, limit) =>
      observed("accountHistory", 1, () => store.accountHistory(accountId, after, limit)),
    history: (of) => observed("history", 1, () => store.history(of)),
    documentOwners: (of) => observed("documentOwners", 1, () => store.documentOwners(of)),
    follow: (wake) => store.follow(wake),
    writeObstacle: () => store.writeObstacle(),
    probeWrites: () => store.probeWrites(),
    close: () => store.close(),
  };
}
