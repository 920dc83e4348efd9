import { randomUUID } from "node:crypto";
import type { Commit, Store, Versions, VersionsOf } from "../../../src/store/store.js";
import { alteredStore } from "../../store/altered-store.js";

/** What a gateway can get wrong: a drill that does not find out proves nothing. */
export type Flaw =
  /** What was read is remembered until this process writes it. */
  | "naive cache"
  /** A commit is applied whatever has changed since it was decided. */
  | "blind commits"
  /** As blind, and sent again under another operation id. */
  | "repeated commits";

export function flawedStore(store: Store, flaw: Flaw | undefined): Store {
  switch (flaw) {
    case "naive cache":
      return withNaiveCache(store);
    case "blind commits":
      return alteredStore(store, { commit: (commit) => store.commit({ ...commit, expect: NOTHING }) });
    case "repeated commits":
      return withRepeatedCommits(store);
    case undefined:
      return store;
  }
}

const NOTHING = { documents: [], accounts: [] };

/** Forgets of what it has read what its own process writes, and hears of nobody else's writes. */
function withNaiveCache(store: Store): Store {
  const known = new Map<string, { readonly of: VersionsOf; readonly found: Promise<Versions> }>();
  return alteredStore(store, {
    versions(of) {
      const name = JSON.stringify(of);
      const entry = known.get(name) ?? { of, found: store.versions(of) };
      known.set(name, entry);
      entry.found.catch(() => known.delete(name));
      return entry.found;
    },
    async commit(commit) {
      try {
        return await store.commit(commit);
      } finally {
        for (const [name, { of }] of known) if (isWritten(commit, of)) known.delete(name);
      }
    },
  });
}

function isWritten({ write }: Commit, { documents }: VersionsOf): boolean {
  if (write.on === "account") return true;
  const { accountId, configId } = write.key;
  return documents.some((key) => key.accountId === accountId && key.configId === configId);
}

/** Loses an answer now and then, and does not know a commit again that it is sent for the second time. */
function withRepeatedCommits(store: Store): Store {
  let commits = 0;
  return alteredStore(store, {
    async commit(commit) {
      const operation = { ...commit.operation, id: randomUUID() };
      const outcome = await store.commit({ ...commit, expect: NOTHING, operation });
      return ++commits % 5 === 0 ? { outcome: "unknown", cause: new Error("the answer was lost") } : outcome;
    },
  });
}
