import type { LayerKind } from "../api/operations.generated.js";

/** One config of one account; of the system level where there is no account. */
export interface Place {
  readonly accountId: string | null;
  readonly configId: string;
}

export function placeKey({ accountId, configId }: Place): string {
  return `${accountId ?? ""}/${configId}`;
}

/** The layer whose document is edited at a place. */
export function ownLayer({ accountId }: Place): LayerKind {
  return accountId === null ? "SYSTEM" : "ACCOUNT";
}
