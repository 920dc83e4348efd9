import type { Principal } from "../auth/principal.js";
import { SCOPES } from "../auth/principal.js";
import { StrataError } from "../domain/errors.js";
import { accountNameTrouble } from "../domain/name.js";
import { resellerLineage } from "../domain/reseller.js";
import type { AccountService } from "../service/account-service.js";
import type { ConfigService } from "../service/config-service.js";
import type { AccountRecord, Lineage, Store } from "../store/store.js";
import { inOrder, type PlannedAccount } from "./account-order.js";
import type { ImportReport, LeftOut, Reason } from "./import-report.js";
import type { KazooConfig, KazooDocuments } from "./kazoo-documents.js";
import { writeSettings } from "./settings-writer.js";

export interface KazooImportTarget {
  readonly store: Store;
  readonly accounts: AccountService;
  readonly configs: ConfigService;
}

export interface KazooImportOptions {
  /** Whether the store is the one that is meant, not a copy to try it on. */
  readonly applied: boolean;
  /** Told how much is done, now and then. */
  readonly onProgress?: (done: number, all: number) => void;
}

/** Who the writes are by. */
const IMPORTER: Principal = {
  subject: "import-kazoo",
  accountId: undefined,
  isSuperadmin: true,
  scopes: new Set(SCOPES),
  issuedAt: undefined,
};

/**
 * Moves what KAZOO's documents say into a store, through the ordinary service: accounts from the root down, then the
 * system layer's configs, then those of accounts, each after the accounts that it inherits from. What is there already
 * is not written again, and no account is changed.
 * @throws StrataError BAD_USER_INPUT when the trees have other roots: nothing was written; STORE_UNAVAILABLE or
 * WRITE_OUTCOME_UNKNOWN when the store fails on the way: run again, it goes on
 */
export async function importKazoo(
  found: KazooDocuments,
  target: KazooImportTarget,
  { applied, onProgress = () => {} }: KazooImportOptions,
): Promise<ImportReport> {
  const planned = inOrder(found.accounts);
  await checkRoot(planned, found, target.store);
  const work = new KazooImport(target, found.leftOut);
  const configs = configsInOrder(found.configs, planned);
  const all = planned.length + configs.length;
  let done = 0;
  for (const account of planned) {
    await work.addAccount(account);
    onProgress(++done, all);
  }
  for (const account of planned) await work.compareReseller(account);
  for (const config of configs) {
    await work.addConfig(config);
    onProgress(++done, all);
  }
  return { applied, ...work.result, otherDocuments: found.others };
}

/** One tree has one root: two of them cannot become one without somebody's decision. */
async function checkRoot(
  planned: readonly PlannedAccount[],
  { configs }: KazooDocuments,
  store: Store,
): Promise<void> {
  const stored = await store.rootId();
  const roots = planned.filter(({ parentId }) => parentId === undefined).map(({ id }) => id);
  const [first, second] = roots;
  if (first !== undefined && second !== undefined)
    throw refusal(`two accounts have no ancestors, ${first} and ${second}: there can be one root`);
  if (first !== undefined && stored !== undefined && first !== stored)
    throw refusal(`the root is ${first} in KAZOO and ${stored} in the store`);
  const needsRoot = planned.length > 0 || configs.some(({ accountId }) => accountId !== undefined);
  if (needsRoot && first === undefined && stored === undefined)
    throw refusal(
      "no document is that of the root, an account whose pvt_tree is empty, and the store has no root. " +
        "Copy KAZOO's database accounts as well",
    );
}

/** The system layer first; then the accounts' configs from the top of the tree down. */
function configsInOrder(configs: readonly KazooConfig[], planned: readonly PlannedAccount[]): KazooConfig[] {
  const places = new Map(planned.map(({ id }, index) => [id, index + 1]));
  const placeOf = ({ accountId }: KazooConfig) =>
    accountId === undefined ? 0 : (places.get(accountId) ?? 0);
  const isOfSystem = ({ accountId }: KazooConfig) => accountId === undefined;
  return [
    ...configs.filter(isOfSystem),
    ...configs.filter((config) => !isOfSystem(config)).sort((a, b) => placeOf(a) - placeOf(b)),
  ];
}

class KazooImport {
  readonly #target: KazooImportTarget;
  readonly #leftOut: LeftOut[];
  readonly #accounts = { created: 0, kept: 0 };
  readonly #configs = { written: 0, unchanged: 0 };

  constructor(target: KazooImportTarget, leftOut: readonly LeftOut[]) {
    this.#target = target;
    this.#leftOut = [...leftOut];
  }

  get result(): Pick<ImportReport, "accounts" | "configs" | "leftOut"> {
    return { accounts: this.#accounts, configs: this.#configs, leftOut: this.#leftOut };
  }

  async addAccount(account: PlannedAccount): Promise<void> {
    const stored = await this.#lineage(account.id);
    if (stored === undefined) return this.#create(account);
    this.#accounts.kept++;
    for (const [pointer, message] of differences(account, stored[0]))
      this.#leave("differs", account, pointer, message);
  }

  async #create(account: PlannedAccount): Promise<void> {
    const { id, parentId, isReseller } = account;
    try {
      await this.#target.accounts.create(IMPORTER, { id, name: this.#nameOf(account), parentId, isReseller });
      this.#accounts.created++;
    } catch (error) {
      if (!(error instanceof StrataError)) throw error;
      if (error.code === "ACCOUNT_NOT_FOUND")
        return this.#leave("account", account, "/pvt_tree", `Its parent, ${parentId}, is not there.`);
      if (error.code !== "BAD_USER_INPUT") throw error;
      this.#leave("account", account, error.pointer === "/parentId" ? "/pvt_tree" : "", error.message);
    }
  }

  /** Whatever an account is called, what is below it needs it. */
  #nameOf(account: PlannedAccount): string {
    const { name, id } = account;
    const trouble = accountNameTrouble(name);
    if (trouble === undefined) return name;
    this.#leave("invalid", account, "/name", `Its name ${trouble}: the account is called by its id.`);
    return id;
  }

  /** Whose configs count for an account is what KAZOO notes down for it; here it follows from the flags above it. */
  async compareReseller(account: PlannedAccount): Promise<void> {
    const { resellerId, id } = account;
    const lineage = await this.#lineage(id);
    if (lineage === undefined || resellerId === undefined || resellerId === id) return;
    const reseller = resellerLineage(lineage)?.[0].id;
    if (reseller === undefined || reseller === resellerId) return;
    const message = `It inherits from ${resellerId} in KAZOO, and from ${reseller} here, its nearest ancestor that is a reseller.`;
    this.#leave("differs", account, "/pvt_reseller_id", message);
  }

  async addConfig(config: KazooConfig): Promise<void> {
    const { outcome, leftOut } = await writeSettings(this.#target.configs, IMPORTER, config);
    if (outcome !== "leftOut") this.#configs[outcome]++;
    for (const { reason, pointer, message } of leftOut)
      this.#leave(reason, config, config.pointer + pointer, message);
  }

  async #lineage(id: string): Promise<Lineage | undefined> {
    return (await this.#target.store.lineages([id])).lineages[0];
  }

  #leave(
    reason: Reason,
    { document }: Pick<KazooConfig, "document">,
    pointer: string,
    message: string,
  ): void {
    this.#leftOut.push({ reason, file: document.file, document: document.id, pointer, message });
  }
}

function* differences(
  account: PlannedAccount,
  stored: AccountRecord,
): Generator<[pointer: string, message: string]> {
  if (account.parentId !== stored.parentId)
    yield ["/pvt_tree", `It is ${placeOf(account)} in KAZOO, and ${placeOf(stored)} in the store.`];
  if (account.isReseller !== stored.isReseller)
    yield ["/pvt_reseller", `It is ${roleOf(account)} in KAZOO, and ${roleOf(stored)} in the store.`];
  if (account.name !== stored.name && accountNameTrouble(account.name) === undefined)
    yield ["/name", "It has another name in the store."];
}

function placeOf({ parentId }: Pick<AccountRecord, "parentId">): string {
  return parentId === undefined ? "the root" : `below ${parentId}`;
}

function roleOf({ isReseller }: Pick<AccountRecord, "isReseller">): string {
  return isReseller ? "a reseller" : "no reseller";
}

function refusal(reason: string): StrataError {
  return new StrataError("BAD_USER_INPUT", `Nothing was written: ${reason}.`);
}
