import { type Change, type Position, type Store, sequenceOfChange, type Version } from "../../store/store.js";
import { fromStore } from "../from-store.js";

/** Changes that are read at a time. */
const CHANGES_PER_READ = 1_000;

/** A commit that was told of. The nonce is unknown where the feed did not tell it. */
export interface Passed {
  readonly sequence: number;
  readonly nonce: string | undefined;
}

export interface NextChanges {
  readonly changes: readonly Change[];
  /** Whether there was nothing more when it was read. */
  readonly isThrough: boolean;
}

/** Reads the change feed in order, from the last commit that has passed. */
export class CommitTail {
  private constructor(
    private readonly store: Pick<Store, "changes">,
    readonly incarnation: string,
    public last: Passed,
  ) {}

  /** From a position on at which something was read. */
  static async from(store: Pick<Store, "changes">, { incarnation, sequence }: Position): Promise<CommitTail> {
    const found = sequence === 0 ? undefined : await versionAt(store, sequence);
    return new CommitTail(store, incarnation, { sequence, nonce: found?.nonce });
  }

  /** What came before does not have to be read again. */
  passed(change: Change): void {
    this.last = versionOfChange(change);
  }

  /**
   * What came after a commit. That commit is read once more: where it is another one now, the store has lost commits that
   * were told of.
   * @returns undefined when it cannot be told what came after it: it was too long ago, or it is another store
   */
  async after({ sequence, nonce }: Passed): Promise<NextChanges | undefined> {
    // Of what was imported, or committed too long ago, the feed does not tell.
    const isTold = nonce !== undefined;
    const found = await fromStore(this.store.changes(isTold ? sequence - 1 : sequence, CHANGES_PER_READ));
    const { changes } = found;
    if (changes === undefined) return undefined;
    const isThrough = changes.length < CHANGES_PER_READ;
    if (!isTold) return found.sequence < sequence ? undefined : { changes, isThrough };
    const first = changes[0] && versionOfChange(changes[0]);
    if (first?.sequence !== sequence || first.nonce !== nonce) return undefined;
    return { changes: changes.slice(1), isThrough };
  }
}

export function versionOfChange(change: Change): Version {
  return change.on === "document" ? change.version : change.account.version;
}

/** The version that the commit of a sequence made; undefined: the feed no longer tells. */
export async function versionAt(
  store: Pick<Store, "changes">,
  sequence: number,
): Promise<Version | undefined> {
  const { changes } = await fromStore(store.changes(sequence - 1, 1));
  const [first] = changes ?? [];
  return first !== undefined && sequenceOfChange(first) === sequence ? versionOfChange(first) : undefined;
}
