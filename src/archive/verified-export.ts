import type { FileHandle } from "node:fs/promises";
import type { ArchivedAccount, ArchivedBlame, ArchivedDocument, ArchivedWrite } from "../store/archive.js";
import {
  type Change,
  type DocumentKey,
  sameVersion,
  sequenceOfChange,
  type Version,
} from "../store/store.js";
import { levelsOf, type TreeAccount } from "./account-tree.js";
import { CommitNumbers } from "./commit-numbers.js";
import type { ExportEnd, ExportedDeletion, ExportedTrim } from "./export-format.js";
import { damage, type ExportItem, readExport, type VerifiedEnd } from "./export-reader.js";

/** What is known of an export that was read from its first to its last byte and found sound. */
export interface VerifiedExport extends ExportEnd {
  /** The accounts by their level in the tree, the root's first. */
  readonly levels: readonly (readonly TreeAccount[])[];
  readonly accounts: number;
  readonly documents: number;
  readonly writes: number;
  /** Whether an item of the file counts: no later line takes it back, as an account's deletion takes its documents. */
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

/** The newest write of a document. */
interface NewestWrite extends Version {
  readonly line: number;
  /** The first revision that counts, and the line that says so; 0: none does. */
  readonly from: number;
  readonly trimmedAt: number;
}

class Contents {
  readonly #accounts = new Map<string, TreeAccount>();
  /** By its owner's id (undefined: the system layer) and the config's. */
  readonly #newest = new Map<string | undefined, Map<string, NewestWrite>>();
  /** The first write that each owner's documents have. */
  readonly #first = new Map<string | undefined, { readonly sequence: number; readonly line: number }>();
  /** Each account's last deletion. */
  readonly #deleted = new Map<string, { readonly sequence: number; readonly line: number }>();
  /** The line of each account's last deletion, where the file is of format 1: no record of it before that counts. */
  readonly #forgotten = new Map<string, number>();
  readonly #sequences = new CommitNumbers();
  #highest = { sequence: 0, line: 0 };
  /** The sequence of the last commit that the feed told of; 0: none so far. */
  #lastChange = 0;

  add({ item, line }: ExportItem): void {
    if (item.on === "config") this.#addSequence(item.sequence, line);
    else if (item.on === "blame") this.#checkBlame(item, line);
    else if (item.on === "trim") this.#trim(item, line);
    else if (item.on === "change") this.#addChange(item.change, line);
    else this.#addCommit(item, line);
  }

  #addCommit(item: ArchivedAccount | ArchivedDocument | ExportedDeletion, line: number): void {
    if (item.on === "account") this.#addAccount(item, line);
    else if (item.on === "document") this.#addWrite(item.key, item.version, line);
    else {
      this.#delete(item.accountId, item.version, line);
      this.#forgotten.set(item.accountId, line);
    }
    this.#addVersion(item.on === "account" ? item.account.version : item.version, line);
  }

  /** The feed has no gaps. */
  #addChange(change: Change, line: number): void {
    const sequence = sequenceOfChange(change);
    if (this.#lastChange !== 0 && sequence !== this.#lastChange + 1)
      throw damage(line, `it tells of commit ${sequence}, where ${this.#lastChange + 1} should come`);
    this.#lastChange = sequence;
    this.#addSequence(sequence, line);
  }

  #addVersion({ revision, sequence }: Version, line: number): void {
    if (revision > sequence)
      throw damage(line, `its revision ${revision} is above its sequence ${sequence}: each takes a commit`);
    if (!this.#sequences.add(sequence))
      throw damage(line, `its sequence ${sequence} has come before: each commit has its own`);
    this.#addSequence(sequence, line);
  }

  #addSequence(sequence: number, line: number): void {
    if (sequence > this.#highest.sequence) this.#highest = { sequence, line };
  }

  #addAccount({ account, kind }: ArchivedAccount, line: number): void {
    const { id, version } = account;
    const known = this.#accounts.get(id)?.account.version;
    if (version.revision <= (known?.revision ?? 0))
      throw damage(line, `the account ${id} has come before, at revision ${known?.revision}`);
    if (kind === "DELETE") this.#delete(id, version, line);
    else {
      checkLater(`the account ${id}`, version, known ?? this.#deleted.get(id), line);
      this.#accounts.set(id, { account, line });
    }
  }

  #addWrite(key: DocumentKey, version: Version, line: number): void {
    const { accountId, configId } = key;
    const { revision, sequence } = version;
    const ofOwner = this.#newest.get(accountId) ?? new Map<string, NewestWrite>();
    const known = ofOwner.get(configId);
    const expected = (known?.revision ?? 0) + 1;
    if (revision !== expected)
      throw damage(line, `it is revision ${revision} of ${nameOf(key)}, where ${expected} should come`);
    const deletion = accountId === undefined ? undefined : this.#deleted.get(accountId);
    checkLater(nameOf(key), version, known ?? deletion, line);
    const { from, trimmedAt } = known ?? { from: 1, trimmedAt: 0 };
    this.#newest.set(accountId, ofOwner.set(configId, { ...version, line, from, trimmedAt }));
    const first = this.#first.get(accountId);
    if (first === undefined || sequence < first.sequence) this.#first.set(accountId, { sequence, line });
  }

  #newestOf({ accountId, configId }: DocumentKey): NewestWrite | undefined {
    return this.#newest.get(accountId)?.get(configId);
  }

  #checkBlame({ key, version }: ArchivedBlame, line: number): void {
    if (!sameVersion(this.#newestOf(key), version))
      throw damage(line, `it is not of the last write before it of ${nameOf(key)}`);
  }

  /** The document's next revision is this one; nothing of it that came before counts. */
  #trim({ key, revision }: ExportedTrim, line: number): void {
    const { accountId, configId } = key;
    const known = this.#newestOf(key);
    if (known !== undefined && revision <= known.revision + 1)
      throw damage(
        line,
        `it trims ${nameOf(key)} to revision ${revision}, and ${known.revision} has come before`,
      );
    const sequence =
      known?.sequence ?? (accountId === undefined ? 0 : (this.#deleted.get(accountId)?.sequence ?? 0));
    const trimmed = { revision: revision - 1, sequence, nonce: "", line: 0, from: revision, trimmedAt: line };
    this.#newest.set(accountId, (this.#newest.get(accountId) ?? new Map()).set(configId, trimmed));
  }

  #delete(accountId: string, version: Version, line: number): void {
    const known = this.#accounts.get(accountId)?.account.version;
    checkLater(`the account ${accountId}`, version, known ?? this.#deleted.get(accountId), line);
    this.#accounts.delete(accountId);
    this.#newest.delete(accountId);
    this.#first.delete(accountId);
    this.#deleted.set(accountId, { sequence: version.sequence, line });
  }

  verified({ from, ...end }: VerifiedEnd): VerifiedExport {
    const { sequence, line } = this.#highest;
    if (sequence > end.sequence)
      throw damage(line, `its sequence ${sequence} is above the file's, ${end.sequence}`);
    if (from > end.sequence)
      throw damage(1, `it was begun at commit ${from}, and ends at ${end.sequence}: export the store again`);
    const levels = levelsOf(this.#accounts);
    this.#checkOwners();
    this.#checkParents();
    const newest = [...this.#newest.values()].flatMap((ofOwner) => [...ofOwner.values()]);
    for (const { line, trimmedAt } of newest)
      if (line === 0) throw damage(trimmedAt, "no write of the document comes after it");
    this.#checkCount(end, sum(newest.map(({ revision }) => revision)));
    return {
      ...end,
      levels,
      accounts: this.#accounts.size,
      documents: newest.length,
      writes: sum(newest.map(({ revision, from }) => revision + 1 - from)),
      stands: (item) => this.#stands(item),
      isNewest: ({ key, version }) => this.#newestOf(key)?.revision === version.revision,
    };
  }

  /** Every document has an account that was there before it. */
  #checkOwners(): void {
    for (const [accountId, { sequence, line }] of this.#first) {
      if (accountId === undefined) continue;
      const owner = this.#accounts.get(accountId)?.account;
      if (owner === undefined)
        throw damage(
          line,
          `it is of the account ${accountId}, which is not in the file: add it, or leave the line out`,
        );
      if (owner.version.revision === 1 && sequence < owner.version.sequence)
        throw damage(
          line,
          `its sequence ${sequence} is below that of its account ${accountId}, ${owner.version.sequence}`,
        );
    }
  }

  /** Whatever was done to an account last came after its parent was made. */
  #checkParents(): void {
    for (const { account, line } of this.#accounts.values()) {
      const parent =
        account.parentId === undefined ? undefined : this.#accounts.get(account.parentId)?.account;
      if (parent?.version.revision === 1 && account.version.sequence < parent.version.sequence)
        throw damage(
          line,
          `the sequence ${account.version.sequence} of the account ${account.id} is below that of its parent ` +
            `${parent.id}, ${parent.version.sequence}`,
        );
    }
  }

  /** Each commit made one revision of an account or a document, or went with an account that was deleted. */
  #checkCount({ sequence, dropped, lines }: ExportEnd, writes: number): void {
    const changes = sum([...this.#accounts.values()].map(({ account }) => account.version.revision));
    const found = changes + writes + dropped;
    if (found === sequence) return;
    throw damage(
      lines + 1,
      `it counts ${sequence} commits, and the file tells of ${found}: ${changes} of accounts, ${writes} of documents, ` +
        `${dropped} dropped. Export the store again`,
    );
  }

  #stands({ item, line }: ExportItem): boolean {
    if (item.on === "account") return line > (this.#forgotten.get(item.account.id) ?? 0);
    if (item.on !== "document" && item.on !== "blame") return item.on === "config" || item.on === "change";
    const { accountId } = item.key;
    const deletedAt = accountId === undefined ? 0 : (this.#deleted.get(accountId)?.line ?? 0);
    return line > Math.max(deletedAt, this.#newestOf(item.key)?.trimmedAt ?? 0);
  }
}

function checkLater(
  what: string,
  { sequence }: Version,
  before: { readonly sequence: number } | undefined,
  line: number,
): void {
  if (before !== undefined && sequence <= before.sequence)
    throw damage(line, `the sequence of ${what} goes back from ${before.sequence} to ${sequence}`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
