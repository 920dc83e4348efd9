import { keyText } from "../../store/store.js";
import { fromStore } from "../from-store.js";
import type { DeclaredDocument, DeclaredFolder } from "./declared-folder.js";
import type { PlanGround } from "./plan.js";
import { PLANNER } from "./plan-principal.js";

const AT_ONCE = 32;

/**
 * The documents that are stored for those who have a folder, and that no file declares.
 * @throws StrataError STORE_UNAVAILABLE
 */
export async function undeclaredDocuments(
  { store, configs }: PlanGround,
  { documents, owners }: DeclaredFolder,
): Promise<DeclaredDocument[]> {
  const declared = new Set(documents.map(({ target }) => keyText(target)));
  const idsOf = {
    account: configs.accountConfigIds(),
    system: configs.schemas(PLANNER).map(({ id }) => id),
  };
  const others = owners
    .flatMap((accountId) =>
      idsOf[accountId === undefined ? "system" : "account"].map((configId) => ({ accountId, configId })),
    )
    .filter((target) => !declared.has(keyText(target)));
  const found: DeclaredDocument[] = [];
  for (let from = 0; from < others.length; from += AT_ONCE) {
    const some = others.slice(from, from + AT_ONCE);
    for (const [index, document] of (await fromStore(store.documents(some))).entries()) {
      const target = some[index];
      if (target !== undefined && document?.override !== undefined)
        found.push({ file: undefined, target, values: {} });
    }
  }
  return found;
}
