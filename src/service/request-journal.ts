import { StrataError } from "../domain/errors.js";
import type { Store } from "../store/store.js";
import { CountedStore } from "./counted-store.js";

/** A write that was decided. */
export interface JournaledWrite {
  /** Absent: the system layer. */
  readonly account?: string | undefined;
  /** Absent: the account itself was written. */
  readonly config?: string | undefined;
  readonly kind: string;
  readonly outcome: string;
  /** The pointers of what has changed in what is stored. */
  readonly changed?: Iterable<string> | undefined;
}

/** What one request did, for its line in the log. */
export class RequestJournal {
  storeCalls = 0;
  readonly writes: JournaledWrite[] = [];

  /** The same store, for this request alone: its calls are counted. */
  watch(store: Store): Store {
    return new CountedStore(store, this);
  }

  /**
   * Enters a write once it has had its outcome. One that is refused by an error is not entered, for nothing tells that its
   * target exists, unless it may have happened.
   */
  async write<T>(
    { account, config, kind }: Pick<JournaledWrite, "account" | "config" | "kind">,
    run: () => Promise<T>,
    told: (result: T) => Pick<JournaledWrite, "outcome" | "changed">,
  ): Promise<T> {
    try {
      const result = await run();
      this.writes.push({ account, config, kind, ...told(result) });
      return result;
    } catch (error) {
      const isUnknown = error instanceof StrataError && error.code === "WRITE_OUTCOME_UNKNOWN";
      if (isUnknown) this.writes.push({ account, config, kind, outcome: "unknown" });
      throw error;
    }
  }
}
