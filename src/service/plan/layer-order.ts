import type { Store } from "../../store/store.js";
import { fromStore } from "../from-store.js";
import type { DeclaredDocument, RefusedFile } from "./declared-folder.js";

const AT_ONCE = 500;

/**
 * Documents in an order in which each comes before those that inherit from it: the system's, then accounts from the root
 * down. Those of accounts that are not there are told apart.
 * @throws StrataError STORE_UNAVAILABLE
 */
export async function inLayerOrder(
  store: Pick<Store, "lineages">,
  documents: readonly DeclaredDocument[],
): Promise<{ readonly ordered: readonly DeclaredDocument[]; readonly homeless: readonly RefusedFile[] }> {
  const depths = await depthsOf(store, documents);
  const depthOf = ({ target }: DeclaredDocument) =>
    target.accountId === undefined ? 0 : depths.get(target.accountId);
  const ordered = documents
    .flatMap((document) => {
      const depth = depthOf(document);
      return depth === undefined ? [] : [{ document, depth, name: nameOf(document) }];
    })
    .sort((a, b) => a.depth - b.depth || (a.name < b.name ? -1 : 1))
    .map(({ document }) => document);
  const homeless = documents.flatMap((document): RefusedFile[] => {
    if (document.file === undefined || depthOf(document) !== undefined) return [];
    return [{ file: document.file, message: `There is no account ${document.target.accountId}.` }];
  });
  return { ordered, homeless };
}

/** How many accounts there are from the root down to each. */
async function depthsOf(
  store: Pick<Store, "lineages">,
  documents: readonly DeclaredDocument[],
): Promise<ReadonlyMap<string, number>> {
  const ids = [...new Set(documents.flatMap(({ target }) => target.accountId ?? []))];
  const depths = new Map<string, number>();
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE);
    const { lineages } = await fromStore(store.lineages(some));
    for (const [index, id] of some.entries()) {
      const depth = lineages[index]?.length;
      if (depth !== undefined) depths.set(id, depth);
    }
  }
  return depths;
}

function nameOf({ target: { accountId = "", configId } }: DeclaredDocument): string {
  return `${accountId}/${configId}`;
}
