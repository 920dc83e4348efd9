import type { DeclaredFolder } from "./declared-folder.js";
import { inLayerOrder } from "./layer-order.js";
import type { DormantValue, Plan, PlanGround, PlannedWrite, RefusedDocument } from "./plan.js";
import { planDocument } from "./plan-document.js";
import { undeclaredDocuments } from "./undeclared-documents.js";

export interface PlanOptions {
  /** Whether what is not declared goes, from the documents of whoever has a folder. */
  readonly prune: boolean;
  /** How many accounts are listed of each impact, at most. */
  readonly accounts: number;
  /** Told after each document how many have been looked at, and how many there are. */
  readonly onLooked?: (done: number, all: number) => void;
}

/**
 * Works out the writes that make documents hold what a folder declares. They are made on the ground, one after the other: so
 * each tells what it does once those before it are made.
 * @throws StrataError STORE_UNAVAILABLE
 */
export async function makePlan(
  ground: PlanGround,
  folder: DeclaredFolder,
  options: PlanOptions,
): Promise<Plan> {
  const pruned = options.prune ? await undeclaredDocuments(ground, folder) : [];
  const { ordered, homeless } = await inLayerOrder(ground.store, [...folder.documents, ...pruned]);
  const refused: RefusedDocument[] = [...folder.refused, ...homeless].map((each) => ({
    ...each,
    problems: [],
  }));
  const writes: PlannedWrite[] = [];
  const dormant: DormantValue[] = [];
  for (const [index, document] of ordered.entries()) {
    const planned = await planDocument(ground, document, options);
    if (planned.refused) refused.push(planned.refused);
    if (planned.write) writes.push(planned.write);
    dormant.push(...planned.dormant);
    options.onLooked?.(index + 1, ordered.length);
  }
  return { declared: folder.documents.length, writes, refused, dormant };
}
