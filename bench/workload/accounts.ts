import { type BenchConfig, type BenchLayer, documentOf } from "./settings.js";

/** The accounts of the benchmark: a root, resellers below it, a hundred accounts below each. Ids are of one length. */
export const ROOT = "root";
export const PER_RESELLER = 100;
const DIGITS = 7;

export function accountId(index: number): string {
  return `a${String(index).padStart(DIGITS, "0")}`;
}

export function resellerId(index: number): string {
  return `r${String(index).padStart(DIGITS, "0")}`;
}

/** The reseller of the account of this index, by index. */
export function resellerOf(index: number): number {
  return Math.floor(index / PER_RESELLER);
}

export interface BenchAccount {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly isReseller: boolean;
}

export interface BenchDocument {
  /** Undefined: the system's. */
  readonly accountId: string | undefined;
  readonly config: BenchConfig;
  readonly text: string;
}

/** How large a store is, and what its accounts override. */
export interface Population {
  readonly accounts: number;
  /** One account of so many has a document of its own in `phone`; the rest inherit all of it. */
  readonly ownEvery: number;
  /** Whether the first hundred accounts have the larger configs as well. */
  readonly larger: boolean;
}

/** Parents before their children. */
export function* benchAccounts({ accounts }: Population): Generator<BenchAccount> {
  yield { id: ROOT, parentId: undefined, isReseller: false };
  for (let index = 0; index < accounts; index++) {
    const reseller = resellerOf(index);
    if (index % PER_RESELLER === 0) yield { id: resellerId(reseller), parentId: ROOT, isReseller: true };
    yield { id: accountId(index), parentId: resellerId(reseller), isReseller: false };
  }
}

export function* benchDocuments({ accounts, ownEvery, larger }: Population): Generator<BenchDocument> {
  const document = (
    layer: BenchLayer,
    id: string | undefined,
    seed: number,
    config: BenchConfig = "phone",
  ): BenchDocument => ({ accountId: id, config, text: JSON.stringify(documentOf(layer, config, seed)) });
  yield document("SYSTEM", undefined, 0);
  for (let index = 0; index < accounts; index++) {
    const reseller = resellerOf(index);
    if (index % PER_RESELLER === 0) yield document("RESELLER", resellerId(reseller), reseller);
    if (index % ownEvery === 0) yield document("ACCOUNT", accountId(index), index);
  }
  if (!larger) return;
  for (const config of ["phone300", "phone3000"] as const) {
    yield document("SYSTEM", undefined, 0, config);
    yield document("RESELLER", resellerId(0), 0, config);
    for (let index = 0; index < PER_RESELLER; index++)
      yield document("ACCOUNT", accountId(index), index, config);
  }
}
