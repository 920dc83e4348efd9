import { type Principal, SCOPES } from "../auth/principal.js";
import { type Prunable, prunable } from "../domain/write/redundant.js";
import type { StoreReads } from "../store/store.js";
import { noSuchAccount } from "./authorize.js";
import type { ConfigCatalog } from "./config-catalog.js";
import type { ConfigService } from "./config-service.js";
import { fromStore } from "./from-store.js";
import { wholeConfig } from "./read/whole-config.js";

/** Whoever runs the command has the store, and so may do everything. */
const PRUNER: Principal = {
  subject: "prune",
  accountId: undefined,
  isSuperadmin: true,
  scopes: new Set(SCOPES),
  issuedAt: undefined,
};

/** The accounts and configs to look through. */
export interface PruneWanted {
  readonly accountId: string;
  /** Absent: every config that accounts have. */
  readonly configId?: string | undefined;
  /** Whether the accounts below it are looked through as well. */
  readonly below: boolean;
}

/** A document with redundant overrides, and whether those that can go are gone. */
export interface PrunedDocument extends Prunable {
  readonly accountId: string;
  readonly configId: string;
  /** The revision that dropping them made; undefined: they were only listed. */
  readonly revision: number | undefined;
}

export interface PruneTarget {
  readonly reads: StoreReads;
  readonly catalog: ConfigCatalog;
  /** Undefined: nothing is to be written. */
  readonly configs: ConfigService | undefined;
}

const ACCOUNTS_AT_ONCE = 1_000;
/** Others may write the same document meanwhile. */
const TRIES = 5;

/**
 * Lists the redundant overrides of documents, one document after the other, and drops them where there is something to
 * write with: one commit for each document. No value in force becomes another one.
 * @param onLooked told after each document how many accounts have been looked through
 * @throws StrataError ACCOUNT_NOT_FOUND, CONFIG_NOT_FOUND, STORE_UNAVAILABLE
 */
export async function* prune(
  target: PruneTarget,
  { accountId, configId, below }: PruneWanted,
  onLooked: (accounts: number) => void = () => {},
): AsyncGenerator<PrunedDocument> {
  const configIds = configId === undefined ? target.catalog.accountConfigIds() : [configId];
  let looked = 0;
  for await (const id of accountsFrom(target.reads, accountId, below)) {
    for (const config of configIds) {
      const pruned = await pruneDocument(target, id, config);
      if (pruned !== undefined) yield pruned;
    }
    onLooked(++looked);
  }
}

async function* accountsFrom(reads: StoreReads, accountId: string, below: boolean): AsyncGenerator<string> {
  yield accountId;
  if (!below) return;
  let after: readonly string[] | undefined;
  for (;;) {
    const of = { accountId, limit: ACCOUNTS_AT_ONCE, ...(after !== undefined && { after }) };
    const { paths } = await fromStore(reads.descendants(of));
    for (const path of paths) yield path.at(-1) as string;
    after = paths.at(-1);
    if (after === undefined || paths.length < ACCOUNTS_AT_ONCE) return;
  }
}

/** Undefined: none of its overrides is redundant. */
async function pruneDocument(
  { reads, catalog, configs }: PruneTarget,
  accountId: string,
  configId: string,
): Promise<PrunedDocument | undefined> {
  const target = { accountId, configId };
  for (let tries = 0; ; tries++) {
    const found = await lookAt(reads, catalog, target);
    if (found.dropped.length === 0 && found.kept.length === 0) return undefined;
    const listed = { ...target, dropped: found.dropped, kept: found.kept, revision: undefined };
    if (configs === undefined || found.dropped.length === 0) return listed;
    const result = await configs.write(PRUNER, {
      target,
      intent: { kind: "RESET", pointers: found.dropped },
      ifMatch: found.etag,
      note: "strata prune: equal to what is inherited",
    });
    if (result.result === "written") return { ...listed, revision: result.revision };
    if (tries === TRIES) return listed;
  }
}

async function lookAt(
  reads: StoreReads,
  catalog: ConfigCatalog,
  target: { readonly accountId: string; readonly configId: string },
): Promise<Prunable & { readonly etag: string }> {
  const snapshot = await wholeConfig(reads, catalog, PRUNER, target);
  const { account } = snapshot.view;
  if (account === undefined) throw noSuchAccount();
  // Resellers' documents are inherited, and the root's.
  const isInherited = account.isReseller || account.lineage.length === 1;
  return { ...prunable(snapshot.config, isInherited), etag: snapshot.etag };
}
