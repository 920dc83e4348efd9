import { createHash } from "node:crypto";
import type { StorePosition } from "../store/archive.js";
import type { AccountRecord } from "../store/store.js";
import {
  type ExportedItem,
  type ExportHeader,
  endLineRest,
  endLineStart,
  headerLine,
  itemLine,
} from "./export-line.js";

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

/** Writes the lines of an export in large pieces, and keeps count and digest of them. */
export class ExportWriter {
  readonly #sink: Sink;
  readonly #hash = createHash("sha256");
  #pending: string[] = [];
  #characters = 0;
  #lines = 0;
  /** The revision that each account was told to have last. */
  readonly #accounts = new Map<string, number>();
  /** How many writes of each account's documents were told. */
  readonly #writesOf = new Map<string, number>();
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

  async item(item: ExportedItem): Promise<void> {
    if (item.on === "account") this.#countAccount(item.account);
    else if (item.on === "document") this.#countWrite(item.key.accountId);
    else this.#uncount(item.accountId);
    await this.#line(itemLine(item));
  }

  async end({ sequence, dropped }: Pick<StorePosition, "sequence" | "dropped">): Promise<ExportSummary> {
    await this.#text(endLineStart({ lines: this.#lines, sequence, dropped }));
    await this.#flush();
    const sha256 = this.#hash.digest("hex");
    const rest = Buffer.from(`${endLineRest(sha256)}\n`);
    await this.#sink(rest);
    this.#bytes += rest.length;
    return { ...this.counts, sequence, sha256 };
  }

  /** Of an account only the last revision is told: those before it were commits as well. */
  #countAccount({ id, version: { revision } }: AccountRecord): void {
    this.#commits += revision - (this.#accounts.get(id) ?? 0);
    this.#accounts.set(id, revision);
  }

  #countWrite(accountId: string | undefined): void {
    this.#writes++;
    this.#commits++;
    if (accountId !== undefined) this.#writesOf.set(accountId, (this.#writesOf.get(accountId) ?? 0) + 1);
  }

  #uncount(accountId: string): void {
    const writes = this.#writesOf.get(accountId) ?? 0;
    this.#writes -= writes;
    this.#commits -= writes + (this.#accounts.get(accountId) ?? 0);
    this.#writesOf.delete(accountId);
    this.#accounts.delete(accountId);
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
