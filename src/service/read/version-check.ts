import { type Store, sameVersion, type Versions } from "../../store/store.js";
import { fromStore } from "../from-store.js";
import type { RequestJournal } from "../request-journal.js";
import type { VersionVector } from "./read-trace.js";

export type VersionedStore = Pick<Store, "isStillAt" | "versions">;

/** Tells of cached answers whether everything they were made of is still as it was. */
export class VersionCheck {
  constructor(private readonly store: VersionedStore) {}

  /**
   * Takes one store call at most, and none where the store can tell at once that nothing was committed since.
   * @param sequence at which the versions were seen to hold last
   * @returns the sequence at which they are seen to hold now; undefined: one of them is another one
   * @throws StrataError STORE_UNAVAILABLE
   */
  async holdsAt(
    vector: VersionVector,
    sequence: number | undefined,
    journal?: RequestJournal,
  ): Promise<number | undefined> {
    if (sequence !== undefined && this.store.isStillAt(sequence)) return sequence;
    if (journal !== undefined) journal.storeCalls++;
    const now = await fromStore(this.store.versions(vector.of));
    return holds(vector, now) ? now.sequence : undefined;
  }
}

function holds(vector: VersionVector, now: Versions): boolean {
  return (
    vector.accounts.every((version, index) => sameVersion(version, now.accounts[index])) &&
    vector.documents.every((version, index) => sameVersion(version, now.documents[index]))
  );
}
