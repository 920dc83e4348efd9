import { type AccountRecord, TREE_DEPTH } from "../store/store.js";
import { damage } from "./export-reader.js";

/** An account of a file, and the line that tells it last. */
export interface TreeAccount {
  readonly account: AccountRecord;
  readonly line: number;
}

/**
 * The accounts by their level in the tree, the root's first: parents come before their children.
 * @throws StrataError BAD_USER_INPUT unless they are one tree under one root
 */
export function levelsOf(accounts: ReadonlyMap<string, TreeAccount>): TreeAccount[][] {
  const children = new Map<string | undefined, TreeAccount[]>();
  for (const each of accounts.values()) {
    const { parentId } = each.account;
    if (parentId !== undefined && !accounts.has(parentId)) throw damage(each.line, missingParent(each));
    const siblings = children.get(parentId);
    if (siblings === undefined) children.set(parentId, [each]);
    else siblings.push(each);
  }
  const [first, second] = children.get(undefined) ?? [];
  if (first !== undefined && second !== undefined)
    throw damage(second.line, `the account ${second.account.id} is a root, and so is ${first.account.id}`);
  const levels = levelsBelow(first, children);
  const reached = new Set(levels.flat());
  // What has a parent and is not below the root is below itself.
  for (const each of accounts.values())
    if (!reached.has(each)) throw damage(each.line, `the account ${each.account.id} is not below the root`);
  return levels;
}

function levelsBelow(
  root: TreeAccount | undefined,
  children: ReadonlyMap<string | undefined, TreeAccount[]>,
): TreeAccount[][] {
  const levels: TreeAccount[][] = [];
  for (let level = root === undefined ? [] : [root]; level.length > 0; ) {
    levels.push(level);
    const [deepest] = level;
    if (levels.length > TREE_DEPTH && deepest !== undefined)
      throw damage(deepest.line, `the account ${deepest.account.id} is more than ${TREE_DEPTH} levels deep`);
    level = level.flatMap(({ account }) => children.get(account.id) ?? []);
  }
  return levels;
}

/** How many accounts are one level below each account, two levels below, and so on; of those that have any. */
export function countsBelow(levels: readonly (readonly TreeAccount[])[]): Map<string, number[]> {
  const below = new Map<string, number[]>();
  for (const level of levels.toReversed()) {
    for (const { account } of level) {
      if (account.parentId === undefined) continue;
      const counts = below.get(account.parentId) ?? [];
      for (const [depth, accounts] of [1, ...(below.get(account.id) ?? [])].entries())
        counts[depth] = (counts[depth] ?? 0) + accounts;
      below.set(account.parentId, counts);
    }
  }
  return below;
}

function missingParent({ account }: TreeAccount): string {
  return `the parent of the account ${account.id}, ${account.parentId}, is not in the file`;
}
