import { StrataError } from "../domain/errors.js";
import type { AccountRecord, Store } from "../store/store.js";
import type { TreeAccount } from "./account-tree.js";

const ACCOUNTS_AT_ONCE = 200;
const NAMED_AT_MOST = 10;

/**
 * The accounts that a store lacks, by their level in the tree, the root's first.
 * @throws StrataError BAD_USER_INPUT naming those that it has in another place or with another reseller flag
 */
export async function missingAccounts(
  levels: readonly (readonly TreeAccount[])[],
  store: Store,
): Promise<AccountRecord[][]> {
  const differences: string[] = [];
  const root = levels[0]?.[0]?.account.id;
  const rootId = await store.rootId();
  if (root !== undefined && rootId !== undefined && root !== rootId)
    throw refusal([`the root is ${root} in the file and ${rootId} in the store`]);
  const missing: AccountRecord[][] = [];
  for (const level of levels) {
    const lacking: AccountRecord[] = [];
    for (let at = 0; at < level.length; at += ACCOUNTS_AT_ONCE) {
      const some = level.slice(at, at + ACCOUNTS_AT_ONCE).map(({ account }) => account);
      const { lineages } = await store.lineages(some.map(({ id }) => id));
      for (const [index, account] of some.entries()) {
        const stored = lineages[index]?.[0];
        if (stored === undefined) lacking.push(account);
        else differences.push(...differencesOf(account, stored));
      }
    }
    missing.push(lacking);
  }
  if (differences.length > 0) throw refusal(differences);
  return missing;
}

function differencesOf(account: AccountRecord, stored: AccountRecord): string[] {
  const place = ({ parentId }: AccountRecord) => (parentId === undefined ? "the root" : `below ${parentId}`);
  const role = ({ isReseller }: AccountRecord) => (isReseller ? "a reseller" : "no reseller");
  const { id } = account;
  if (account.parentId !== stored.parentId)
    return [`the account ${id} is ${place(account)} in the file and ${place(stored)} in the store`];
  if (account.isReseller !== stored.isReseller)
    return [`the account ${id} is ${role(account)} in the file and ${role(stored)} in the store`];
  return [];
}

function refusal(differences: readonly string[]): StrataError {
  const named = differences.slice(0, NAMED_AT_MOST);
  const more = differences.length - named.length;
  const rest = more > 0 ? [`and ${more} more`] : [];
  return new StrataError(
    "BAD_USER_INPUT",
    `The file cannot be merged into this store: ${[...named, ...rest].join("; ")}. Nothing was written.`,
  );
}
