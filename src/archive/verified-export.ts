import type { FileHandle } from "node:fs/promises";
import type { ArchivedWrite } from "../store/archive.js";
import type { AccountRecord, DocumentKey } from "../store/store.js";
import { levelsOf, type TreeAccount } from "./account-tree.js";
import type { ExportEnd } from "./export-line.js";
import { damage, type ExportItem, readExport } from "./export-reader.js";

/** What is known of an export that was read from its first to its last byte and found sound. */
export interface VerifiedExport extends ExportEnd {
  /** The accounts by their level in the tree, the root's first. */
  readonly levels: readonly (readonly TreeAccount[])[];
  readonly accounts: number;
  readonly documents: number;
  readonly writes: number;
  /** Whether an item of the file counts: no later line tells more of the account, nor of its deletion. */
  stands(item: ExportItem): boolean;
  /** Whether it is its document's newest write. */
  isNewest(write: ArchivedWrite): boolean;
}

export function nameOf({ accountId, configId }: DocumentKey): string {
  return `${accountId ?? "system"}/${configId}`;
}

/**
 * Reads all of a file and holds it against everything that an export promises.
 * @param onRead told how many bytes have been read, now and then
 * @throws StrataError BAD_USER_INPUT naming the line and what is wrong with it
 */
export async function verifyExport(
  file: FileHandle,
  onRead: (bytes: number) => void,
): Promise<VerifiedExport> {
  const contents = new Contents();
  for await (const entry of readExport(file)) {
    if (!("item" in entry)) return contents.verified(entry);
    contents.add(entry);
    onRead(entry.read);
  }
  throw new Error("An export that has no end was read to its end.");
}

class Contents {
  readonly #accounts = new Map<string, TreeAccount>();
  /** The newest revision of each document, by its owner's id (undefined: the system layer) and the config's. */
  readonly #newest = new Map<string | undefined, Map<string, number>>();
  /** The line of each account's last deletion. */
  readonly #deleted = new Map<string, number>();
  #highest = { sequence: 0, line: 0 };

  add({ item, line }: ExportItem): void {
    const { sequence } = item.on === "account" ? item.account.version : item.version;
    if (sequence > this.#highest.sequence) this.#highest = { sequence, line };
    if (item.on === "account") this.#addAccount(item.account, line);
    else if (item.on === "document") this.#addWrite(item.key, item.version.revision, line);
    else this.#delete(item.accountId, line);
  }

  /** An account that changed while the export ran may come again, as it was then. */
  #addAccount(account: AccountRecord, line: number): void {
    const known = this.#accounts.get(account.id)?.account.version.revision ?? 0;
    if (account.version.revision <= known)
      throw damage(line, `the account ${account.id} has come before, at revision ${known}`);
    this.#accounts.set(account.id, { account, line });
  }

  #addWrite(key: DocumentKey, revision: number, line: number): void {
    const { accountId, configId } = key;
    const ofOwner = this.#newest.get(accountId) ?? new Map<string, number>();
    const expected = (ofOwner.get(configId) ?? 0) + 1;
    if (revision !== expected)
      throw damage(line, `it is revision ${revision} of ${nameOf(key)}, where ${expected} should come`);
    this.#newest.set(accountId, ofOwner.set(configId, revision));
  }

  #delete(accountId: string, line: number): void {
    this.#accounts.delete(accountId);
    this.#newest.delete(accountId);
    this.#deleted.set(accountId, line);
  }

  verified(end: ExportEnd): VerifiedExport {
    const { sequence, line } = this.#highest;
    if (sequence > end.sequence)
      throw damage(line, `its sequence ${sequence} is above the file's, ${end.sequence}`);
    const levels = levelsOf(this.#accounts);
    const revisions = [...this.#newest.values()].flatMap((ofOwner) => [...ofOwner.values()]);
    return {
      ...end,
      levels,
      accounts: this.#accounts.size,
      documents: revisions.length,
      writes: revisions.reduce((sum, revision) => sum + revision, 0),
      stands: (item) => this.#stands(item),
      isNewest: ({ key, version }) => this.#newest.get(key.accountId)?.get(key.configId) === version.revision,
    };
  }

  #stands({ item, line }: ExportItem): boolean {
    if (item.on === "account") return this.#accounts.get(item.account.id)?.line === line;
    if (item.on === "deletion") return false;
    const { accountId } = item.key;
    return accountId === undefined || line > (this.#deleted.get(accountId) ?? 0);
  }
}
