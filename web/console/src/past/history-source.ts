import type { Api } from "../api/api.js";
import {
  HistoryDocument,
  type HistoryPageFragment,
  SystemHistoryDocument,
} from "../api/operations.generated.js";
import type { Place } from "../config/place.js";
import { isUnder } from "../pointer.js";

export type HistoryPage = HistoryPageFragment;
export type Revision = HistoryPage["nodes"][number];

const PAGE = 20;

export async function readHistory(
  api: Api,
  { accountId, configId }: Place,
  after: string | null,
): Promise<HistoryPage> {
  const config =
    accountId === null
      ? (await api.run(SystemHistoryDocument, { configId, first: PAGE, after })).systemConfig
      : (await api.run(HistoryDocument, { accountId, configId, first: PAGE, after })).config;
  return config?.history ?? { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };
}

/** Whether a revision changed something at a pointer, or put a whole branch with it there. */
export function touches({ changes }: Revision, pointer: string): boolean {
  return changes.some((change) => isUnder(change.pointer, pointer) || isUnder(pointer, change.pointer));
}
