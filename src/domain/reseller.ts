/**
 * Finds an account's reseller in its lineage (the account first, the root last): its nearest proper ancestor that is
 * one, or else the root. Returns that ancestor's own lineage; undefined for the root, which has none.
 */
export function resellerLineage<A extends { readonly isReseller: boolean }>(
  lineage: readonly A[],
): readonly [A, ...A[]] | undefined {
  if (lineage.length < 2) return undefined;
  const nearest = lineage.findIndex((account, index) => index > 0 && account.isReseller);
  return lineage.slice(nearest < 0 ? -1 : nearest) as [A, ...A[]];
}
