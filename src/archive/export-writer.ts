import { createHash } from "node:crypto";
import type {
  ArchivedAccount,
  ArchivedBlame,
  ArchivedChange,
  ArchivedDocument,
  StorePosition,
} from "../store/archive.js";
import type { DocumentKey } from "../store/store.js";
import {
  type ExportedTrim,
  type ExportHeader,
  endLineRest,
  endLineStart,
  headerLine,
  itemLine,
} from "./export-format.js";

/** What an export came to. */
export interface ExportSummary {
  readonly accounts: number;
  readonly writes: number;
  readonly bytes: number;
  /** The whole export is as of this commit. */
  readonly sequence: number;
  readonly sha256: string;
}

/** Takes bytes for good; its promise holds back who writes faster than they can be taken. */
export type Sink = (bytes: Buffer) => Promise<void>;

const CHUNK_CHARACTERS = 2 ** 18;

/** The last revision that was told of a document, and how many of its writes count. */
interface ToldDocument {
  readonly revision: number;
  readonly writes: number;
}

/** Writes the lines of an export in large pieces, and keeps count and digest of them. */
export class ExportWriter {
  readonly #sink: Sink;
  readonly #hash = createHash("sha256");
  #pending: string[] = [];
  #characters = 0;
  #lines = 0;
  /** The revision that each account was told to have last. */
  readonly #accounts = new Map<string, number>();
  /** What was told of each document, by its owner and its config. */
  readonly #documents = new Map<string | undefined, Map<string, ToldDocument>>();
  /** The sequence of the last commit to each config. */
  readonly #lastCommits = new Map<string, number>();
  /** The last write of each config that was told and still counts. */
  readonly #lastTold = new Map<string, ArchivedDocument>();
  #writes = 0;
  #commits = 0;
  #bytes = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  get counts(): { accounts: number; writes: number; bytes: number } {
    return { accounts: this.#accounts.size, writes: this.#writes, bytes: this.#bytes };
  }

  /** How many commits made what stands: each made one revision, of a document or of an account. */
  get commits(): number {
    return this.#commits;
  }

  async header(header: ExportHeader): Promise<void> {
    await this.#line(headerLine(header));
  }

  /** The revision of a document that is to be told next, where none was lost. */
  nextRevision({ accountId, configId }: DocumentKey): number {
    return (this.#documents.get(accountId)?.get(configId)?.revision ?? 0) + 1;
  }

  async item(
    item: ArchivedAccount | ArchivedDocument | ArchivedBlame | ArchivedChange | ExportedTrim,
  ): Promise<void> {
    if (item.on === "account") this.#countAccount(item);
    else if (item.on === "document") this.#countWrite(item);
    else if (item.on === "trim") this.#trim(item);
    await this.#line(itemLine(item));
  }

  /** A commit to a config. Its write may be gone with its account; the end tells of it all the same. */
  noteCommit(configId: string, sequence: number): void {
    if (sequence > (this.#lastCommits.get(configId) ?? 0)) this.#lastCommits.set(configId, sequence);
  }

  async end({ sequence, dropped }: Pick<StorePosition, "sequence" | "dropped">): Promise<ExportSummary> {
    for (const [configId, last] of [...this.#lastCommits].sort(byName)) {
      // Whether the write itself is in the file, the import finds out.
      if (last <= sequence && this.#lastTold.get(configId)?.version.sequence !== last)
        await this.#line(itemLine({ on: "config", configId, sequence: last }));
    }
    await this.#text(endLineStart({ lines: this.#lines, sequence, dropped }));
    await this.#flush();
    const sha256 = this.#hash.digest("hex");
    const rest = Buffer.from(`${endLineRest(sha256)}\n`);
    await this.#sink(rest);
    this.#bytes += rest.length;
    return { ...this.counts, sequence, sha256 };
  }

  /** Those of an account's revisions that are not told were commits as well. A deletion leaves nothing that counts. */
  #countAccount({ account, kind }: ArchivedAccount): void {
    const { id, version } = account;
    const { revision } = version;
    if (kind === "DELETE") this.#uncount(id);
    else {
      this.#commits += revision - (this.#accounts.get(id) ?? 0);
      this.#accounts.set(id, revision);
    }
  }

  #countWrite(write: ArchivedDocument): void {
    const { accountId, configId } = write.key;
    const told = this.#lastTold.get(configId)?.version.sequence ?? 0;
    if (write.version.sequence > told) this.#lastTold.set(configId, { ...write, text: undefined });
    const ofOwner = this.#documents.get(accountId) ?? new Map<string, ToldDocument>();
    const { revision, writes } = ofOwner.get(configId) ?? { revision: 0, writes: 0 };
    this.#writes++;
    // Each revision was a commit, also those that are no longer kept.
    this.#commits += write.version.revision - revision;
    const now = { revision: write.version.revision, writes: writes + 1 };
    this.#documents.set(accountId, ofOwner.set(configId, now));
  }

  /** What was told of the document no longer counts as writes. */
  #trim({ key: { accountId, configId } }: ExportedTrim): void {
    const told = this.#documents.get(accountId)?.get(configId);
    if (told === undefined) return;
    this.#writes -= told.writes;
    this.#documents.get(accountId)?.set(configId, { ...told, writes: 0 });
  }

  #uncount(accountId: string): void {
    for (const { revision, writes } of this.#documents.get(accountId)?.values() ?? []) {
      this.#writes -= writes;
      this.#commits -= revision;
    }
    this.#commits -= this.#accounts.get(accountId) ?? 0;
    this.#documents.delete(accountId);
    this.#accounts.delete(accountId);
    for (const [configId, { key }] of this.#lastTold)
      if (key.accountId === accountId) this.#lastTold.delete(configId);
  }

  async #line(text: string): Promise<void> {
    this.#lines++;
    await this.#text(`${text}\n`);
  }

  async #text(text: string): Promise<void> {
    this.#pending.push(text);
    this.#characters += text.length;
    if (this.#characters >= CHUNK_CHARACTERS) await this.#flush();
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.from(this.#pending.join(""));
    this.#pending = [];
    this.#characters = 0;
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    await this.#sink(bytes);
  }
}

function byName([a]: readonly [string, number], [b]: readonly [string, number]): number {
  return a < b ? -1 : 1;
}
