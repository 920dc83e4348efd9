import { AdmittingCache } from "../../cache/admitting-cache.js";
import { type AccountRecord, type Lineage, sameVersion } from "../../store/store.js";

const BYTES_PER_ACCOUNT = 512;
const BYTES_PER_CHARACTER = 2;

/**
 * Accounts that this process has read before. A lineage from here is a guess, which may never have been true: the reader
 * compares the version of each account in it with the store's.
 */
export class LineageCache {
  readonly #accounts: AdmittingCache<AccountRecord>;

  /** @param bytes of memory that all of it may take, as far as it can be told */
  constructor(bytes: number) {
    this.#accounts = new AdmittingCache({
      bytes,
      sizeOf: ({ name }) => BYTES_PER_ACCOUNT + BYTES_PER_CHARACTER * name.length,
    });
  }

  offer(accounts: Iterable<AccountRecord>): void {
    for (const account of accounts) {
      const cached = this.#accounts.get(account.id);
      // To replace an entry costs more than to compare: the accounts near the root are offered with every lineage.
      if (cached === undefined || !sameVersion(cached.version, account.version))
        this.#accounts.offer(account.id, account);
    }
  }

  /** Undefined: one of the accounts is not cached. */
  get(id: string): Lineage | undefined {
    const first = this.#accounts.get(id);
    if (first === undefined) return undefined;
    const lineage: [AccountRecord, ...AccountRecord[]] = [first];
    for (let last = first; last.parentId !== undefined; ) {
      const parent = this.#accounts.get(last.parentId);
      // Accounts that changed places may be cached as each other's ancestors.
      if (parent === undefined || lineage.includes(parent)) return undefined;
      lineage.push(parent);
      last = parent;
    }
    return lineage;
  }
}
