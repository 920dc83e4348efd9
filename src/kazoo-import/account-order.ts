import type { KazooAccount } from "./kazoo-documents.js";

/** An account to be made, with the parent that its ancestors say. */
export interface PlannedAccount extends Pick<KazooAccount, "document" | "id" | "name" | "resellerId"> {
  /** Undefined: the root. */
  readonly parentId: string | undefined;
  readonly isReseller: boolean;
}

/**
 * The accounts, each after its parent. In KAZOO an account is a reseller if its document says so; where another account
 * below it inherits from it (`pvt_reseller_id`), it counts as one as well: that is what decides whose configs are read.
 */
export function inOrder(accounts: ReadonlyMap<string, KazooAccount>): PlannedAccount[] {
  const resellers = resellersNamed(accounts);
  const placed = new Set<string>();
  const ordered: PlannedAccount[] = [];
  const place = (first: KazooAccount): void => {
    const way = wayUp(first, accounts, placed);
    for (const { document, id, name, ancestors, resellerId, isReseller } of way.reverse()) {
      placed.add(id);
      const parentId = ancestors.at(-1);
      ordered.push({
        document,
        id,
        name,
        parentId,
        resellerId,
        isReseller: isReseller || resellers.has(id),
      });
    }
  };
  for (const account of accounts.values()) place(account);
  return ordered;
}

/** The account and those above it that are not placed yet, itself first. It ends in a circle as well. */
function wayUp(
  first: KazooAccount,
  accounts: ReadonlyMap<string, KazooAccount>,
  placed: ReadonlySet<string>,
): KazooAccount[] {
  const way = new Set<KazooAccount>();
  for (let at: KazooAccount | undefined = first; at !== undefined; ) {
    if (placed.has(at.id) || way.has(at)) break;
    way.add(at);
    const parentId: string | undefined = at.ancestors.at(-1);
    at = parentId === undefined ? undefined : accounts.get(parentId);
  }
  return [...way];
}

/** The root is everybody's reseller in the end, and needs no flag for it. */
function resellersNamed(accounts: ReadonlyMap<string, KazooAccount>): Set<string> {
  const named = new Set<string>();
  for (const { resellerId, ancestors } of accounts.values())
    if (resellerId !== undefined && ancestors.indexOf(resellerId) > 0) named.add(resellerId);
  return named;
}
