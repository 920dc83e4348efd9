import type { AccountPath, InheritingAccount, InheritingOf } from "../store.js";
import { childKey, hasChildren, isReseller, LAST_ID } from "./lmdb-accounts.js";
import type { Database } from "./lmdb-database.js";
import { isOwner } from "./lmdb-index.js";

export function inheriting(database: Database, of: InheritingOf): InheritingAccount[] {
  const { accountId, after = [], limit } = of;
  const found: InheritingAccount[] = [];
  if (limit <= 0) return found;
  for (const account of accountsBehind(database, of, { parentId: accountId, path: [] }, after)) {
    found.push(account);
    if (found.length === limit) break;
  }
  return found;
}

interface Parent {
  readonly parentId: string;
  readonly path: AccountPath;
}

function* accountsBehind(
  database: Database,
  of: InheritingOf,
  { parentId, path }: Parent,
  [first, ...rest]: AccountPath,
): Generator<InheritingAccount> {
  const isThere = first !== undefined && database.get(childKey(parentId, first)) !== undefined;
  // It was told before; those below it come next.
  if (isThere && (of.throughResellers || !isReseller(database, first)))
    yield* accountsBehind(database, of, { parentId: first, path: [...path, first] }, rest);
  const range = {
    start: childKey(parentId, first ?? ""),
    exclusiveStart: true,
    end: childKey(parentId, LAST_ID),
  };
  for (const { value: id } of database.getRange(range)) {
    const account = {
      path: [...path, id],
      isReseller: isReseller(database, id),
      hasDocument: isOwner(database, of.configId, id),
    };
    yield account;
    if ((of.throughResellers || !account.isReseller) && hasChildren(database, id))
      yield* accountsBehind(database, of, { parentId: id, path: account.path }, []);
  }
}
