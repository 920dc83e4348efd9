import { LRUCache } from "lru-cache";
import {
  type AccountRecord,
  type DocumentKey,
  keyText,
  type StoredDocument,
  type Version,
  versionText,
} from "../store/store.js";
import { Recurrence } from "./recurrence.js";

/** What a parsed document takes for each character of its JSON, at worst: many small values. */
const BYTES_PER_CHARACTER = 24;
const BYTES_PER_ENTRY = 512;
const ACCOUNTS_SHARE = 0.2;

/**
 * Accounts and documents that this process has read before. A document is found by its version alone: such an entry can
 * be missing, never stale. An account is a guess, which whoever uses it has to hold against the account's version now.
 */
export class LayerMemory {
  readonly #accounts: LRUCache<string, AccountRecord>;
  readonly #documents: LRUCache<string, StoredDocument>;
  readonly #recurringAccounts: Recurrence;
  readonly #recurringDocuments: Recurrence;

  /** @param bytes of memory that all of it may take, as far as it can be told */
  constructor(bytes: number) {
    const maxSize = Math.ceil(bytes * ACCOUNTS_SHARE);
    this.#accounts = new LRUCache({
      maxSize,
      sizeCalculation: ({ name }) => BYTES_PER_ENTRY + 2 * name.length,
    });
    this.#documents = new LRUCache({ maxSize: Math.ceil(bytes - maxSize), sizeCalculation: sizeOf });
    this.#recurringAccounts = new Recurrence(maxSize);
    this.#recurringDocuments = new Recurrence(bytes - maxSize);
  }

  account(id: string): AccountRecord | undefined {
    return this.#accounts.get(id);
  }

  keepAccount(account: AccountRecord): void {
    if (this.#recurringAccounts.isAgain(account.id, this.#accounts)) this.#accounts.set(account.id, account);
  }

  document(key: DocumentKey, version: Version): StoredDocument | undefined {
    return this.#documents.get(nameOf(key, version));
  }

  /** @param isShared whether it is a layer of other accounts, too: then it is asked for again for certain */
  keepDocument(key: DocumentKey, document: StoredDocument, isShared: boolean): void {
    if (isShared || this.#recurringDocuments.isAgain(keyText(key), this.#documents))
      this.#documents.set(nameOf(key, document.version), document);
  }
}

function nameOf(key: DocumentKey, version: Version): string {
  return `${keyText(key)}@${versionText(version)}`;
}

function sizeOf({ override }: StoredDocument): number {
  return (
    BYTES_PER_ENTRY + (override === undefined ? 0 : BYTES_PER_CHARACTER * JSON.stringify(override).length)
  );
}
