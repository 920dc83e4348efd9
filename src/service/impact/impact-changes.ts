import {
  type Change,
  type Lineage,
  type Store,
  sequenceOfChange,
  type TreeToken,
} from "../../store/store.js";
import { fromStore } from "../from-store.js";
import type { ImpactScope } from "./impact-scope.js";

/** A state of the store that accounts were looked at in. */
export interface LookedAt {
  /** The look was not before this sequence. */
  readonly sequence: number;
  /** From before the look. */
  readonly tree: TreeToken;
}

const CHANGES = 1_000;

/**
 * Whether nothing has changed since then that an impact depends on, and up to which sequence that is known. What happens to accounts
 * elsewhere, and how an account is called, makes no difference.
 * @throws StrataError STORE_UNAVAILABLE
 */
export async function changesSince(
  store: Store,
  scope: ImpactScope,
  { sequence: from, tree }: LookedAt,
): Promise<{ readonly isQuiet: boolean; readonly sequence: number }> {
  for (let last = from; ; ) {
    const { changes, sequence } = await fromStore(store.changes(last, CHANGES));
    if (changes === undefined || (await isAnyHit(store, scope, tree, changes)))
      return { isQuiet: false, sequence };
    const newest = changes.at(-1);
    last = newest === undefined ? last : sequenceOfChange(newest);
    if (changes.length < CHANGES) return { isQuiet: true, sequence: last };
  }
}

async function isAnyHit(
  store: Store,
  { configId, isHit }: ImpactScope,
  tree: TreeToken,
  changes: readonly Change[],
): Promise<boolean> {
  const places = changes.flatMap((change) => placeOf(change, configId));
  if (places.length === 0) return false;
  const { lineages, tree: now } = await fromStore(store.lineages(places.map(({ id }) => id)));
  // Another token: an account was moved, or is a reseller or none now. Else all that was updated are names.
  return (
    now !== tree ||
    places.some(({ below, isName }, index) => {
      if (isName) return false;
      const lineage = lineages[index];
      // What hangs below an account that has gone nobody can tell.
      return lineage === undefined || isHit(below === undefined ? lineage : [below, ...lineage]);
    })
  );
}

/** Where in the tree something has changed. */
interface ChangedPlace {
  readonly id: string;
  /** The account that was created or deleted below it. */
  readonly below?: Lineage[0];
  readonly isName?: true;
}

/** None: no account's config depends on it. The system's document, and the one that is written, are for others to guard. */
function placeOf(change: Change, configId: string): ChangedPlace[] {
  if (change.on === "document") {
    const { accountId } = change.key;
    return change.key.configId !== configId || accountId === undefined ? [] : [{ id: accountId }];
  }
  const { kind, account } = change;
  if (kind === "UPDATE") return [{ id: account.id, isName: true }];
  return [account.parentId === undefined ? { id: account.id } : { id: account.parentId, below: account }];
}
