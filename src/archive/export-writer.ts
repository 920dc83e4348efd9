import { createHash } from "node:crypto";
import type { ArchiveItem } from "../store/archive.js";
import type { AccountRecord } from "../store/store.js";
import { type ExportHeader, endLineRest, endLineStart, headerLine, itemLine } from "./export-line.js";

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
  #writes = 0;
  #commits = 0;
  #bytes = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  get counts(): { accounts: number; writes: number; bytes: number } {
    return { accounts: this.#accounts.size, writes: this.#writes, bytes: this.#bytes };
  }

  /** How many commits made what was written: each made one revision, of a document or of an account. */
  get commits(): number {
    return this.#commits;
  }

  async header(header: ExportHeader): Promise<void> {
    await this.#line(headerLine(header));
  }

  async item(item: ArchiveItem): Promise<void> {
    if (item.on === "account") this.#countAccount(item.account);
    else this.#countWrite();
    await this.#line(itemLine(item));
  }

  async end(sequence: number): Promise<ExportSummary> {
    await this.#text(endLineStart({ lines: this.#lines, sequence }));
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

  #countWrite(): void {
    this.#writes++;
    this.#commits++;
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
