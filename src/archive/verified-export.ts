import type { FileHandle } from "node:fs/promises";
import type { AccountRecord, DocumentKey } from "../store/store.js";
import { levelsOf, type TreeAccount } from "./account-tree.js";
import type { ExportEnd } from "./export-line.js";
import { damage, type ExportItem, readExport } from "./export-reader.js";

/** What is known of an export that was read from its first to its last byte and found sound. */
export interface VerifiedExport extends ExportEnd {
  /** The accounts by their level in the tree, the root's first. */
  readonly levels: readonly (readonly TreeAccount[])[];
  readonly accounts: number;
  readonly writes: number;
  /** The revision of each document's newest write, by its name. */
  readonly newest: ReadonlyMap<string, number>;
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
  readonly #newest = new Map<string, number>();
  #writes = 0;
  #highest = { sequence: 0, line: 0 };

  add({ item, line }: ExportItem): void {
    const { sequence } = item.on === "account" ? item.account.version : item.version;
    if (sequence > this.#highest.sequence) this.#highest = { sequence, line };
    if (item.on === "account") this.#addAccount(item.account, line);
    else this.#addWrite(nameOf(item.key), item.version.revision, line);
  }

  /** An account that changed while the export ran may come again, as it was then. */
  #addAccount(account: AccountRecord, line: number): void {
    const known = this.#accounts.get(account.id)?.account.version.revision ?? 0;
    if (account.version.revision <= known)
      throw damage(line, `the account ${account.id} has come before, at revision ${known}`);
    this.#accounts.set(account.id, { account, line });
  }

  #addWrite(name: string, revision: number, line: number): void {
    const expected = (this.#newest.get(name) ?? 0) + 1;
    if (revision !== expected)
      throw damage(line, `it is revision ${revision} of ${name}, where ${expected} should come`);
    this.#newest.set(name, revision);
    this.#writes++;
  }

  verified(end: ExportEnd): VerifiedExport {
    const { sequence, line } = this.#highest;
    if (sequence > end.sequence)
      throw damage(line, `its sequence ${sequence} is above the file's, ${end.sequence}`);
    const levels = levelsOf(this.#accounts);
    return { ...end, levels, accounts: this.#accounts.size, writes: this.#writes, newest: this.#newest };
  }
}
