import { StrataError } from "../domain/errors.js";
import type { ArchiveSource } from "../store/archive.js";
import type { DocumentKey, Position } from "../store/store.js";
import { changeAt, exportChanges, exportFeed } from "./export-changes.js";
import { exportWrite } from "./export-write.js";
import { type ExportSummary, ExportWriter, type Sink } from "./export-writer.js";
import { nameOf } from "./verified-export.js";

export interface ExportOptions {
  readonly now: () => Date;
  /** Told what has been written, now and then. */
  readonly onProgress?: (written: { accounts: number; writes: number; bytes: number }) => void;
  /** Ends the export early, with its reason. */
  readonly signal?: AbortSignal;
}

/** Documents read at the same time, and writes of one document read at once: what bounds the memory in use. */
const DOCUMENTS_AT_ONCE = 16;
const WRITES_AT_ONCE = 8;

/**
 * Copies all of a store as of one commit, S, while others go on writing. The order is what makes it exact:
 *
 * 1. P is the sequence before anything is read. 2. All accounts and documents are read, and of what was read only what
 * commits up to P made is written down. 3. S is the sequence after that. 4. The feed tells every commit after P up to S,
 * and each is written down: a document's write is looked up by its revision, an account's record is as the event has it.
 *
 * Every write up to P was there during all of step 2, or was among the oldest of its document, which go as new ones come;
 * then the export says from which revision on it has them. So none is missing; a write never changes, so none is wrong.
 * So it is with the records of accounts, which stay also when an account is deleted. Nothing above S is taken in step 2
 * (it is above P) nor in step 4. So each document has its writes up to S, and each account its records, each once, oldest
 * first, and nobody has to be stopped meanwhile. The last sequence of a config only grows: it is what step 2 finds, or
 * what step 4 tells after that.
 * An account that is deleted meanwhile takes its writes along, and a document that is written often loses its oldest ones.
 * What step 2 or step 4 then misses is void: the feed tells the deletion, or later writes, and where that comes after S, S
 * becomes what it is by then.
 * The proof is in the count: S commits have made S revisions, which are those up to the last one told of each account and
 * document, or went with an account.
 *
 * @throws StrataError STORE_UNAVAILABLE when the store cannot be read, when it is another one in the end than it was in
 * the beginning, when the feed no longer has what came after P, and when the count shows that something is missing; what
 * was given to the sink by then is worthless
 */
export async function exportStore(
  source: ArchiveSource,
  sink: Sink,
  options: ExportOptions,
): Promise<ExportSummary> {
  const { now, onProgress, signal } = options;
  const writer = new ExportWriter(sink);
  const step = () => {
    signal?.throwIfAborted();
    onProgress?.(writer.counts);
  };
  const start = await source.position();
  const anchor = await changeAt(source, start.sequence);
  await writer.header({
    incarnation: start.incarnation,
    from: start.sequence,
    at: now().toISOString(),
  });
  await copyScan(source, start, writer, step);
  const end = await exportChanges(source, { start, anchor }, writer, step);
  const found = writer.commits + end.dropped;
  if (found !== end.sequence) throw incomplete(found, end.sequence);
  await exportFeed(source, end.sequence, writer, step);
  return writer.end(end);
}

async function copyScan(
  source: ArchiveSource,
  { sequence }: Position,
  writer: ExportWriter,
  step: () => void,
): Promise<void> {
  const seen = new Set<string>();
  const isNew = (name: string) => !seen.has(name) && seen.add(name) !== undefined;
  /** The newest record of each account that was written down: they come in order, perhaps more than once. */
  const told = new Map<string, number>();
  for await (const { accounts, documents, configs } of source.scan()) {
    for (const revision of accounts) {
      const { id, version } = revision.account;
      if (version.sequence > sequence || version.sequence <= (told.get(id) ?? 0)) continue;
      told.set(id, version.sequence);
      await writer.item({ on: "account", ...revision });
    }
    for (const config of configs) writer.noteCommit(config.configId, config.sequence);
    const keys = documents.filter((key) => isNew(nameOf(key)));
    for (let at = 0; at < keys.length; at += DOCUMENTS_AT_ONCE) {
      step();
      await copyDocuments(source, keys.slice(at, at + DOCUMENTS_AT_ONCE), sequence, writer);
    }
    step();
  }
}

async function copyDocuments(
  source: ArchiveSource,
  keys: readonly DocumentKey[],
  upTo: number,
  writer: ExportWriter,
): Promise<void> {
  // The blame first: it is then of a write that is read after it, or of one that the feed tells.
  const blames = await source.blames(keys);
  const firsts = await Promise.all(keys.map((key) => source.writes(key, 1, WRITES_AT_ONCE)));
  for (const [index, key] of keys.entries()) {
    let page = firsts[index] ?? [];
    for (;;) {
      for (const write of page)
        if (write.version.sequence <= upTo) await exportWrite(source, writer, write, blames[index]);
      const last = page.at(-1)?.version;
      if (last === undefined || page.length < WRITES_AT_ONCE || last.sequence > upTo) break;
      page = await source.writes(key, last.revision + 1, WRITES_AT_ONCE);
    }
  }
}

function incomplete(found: number, sequence: number): StrataError {
  return new StrataError(
    "STORE_UNAVAILABLE",
    `The store is damaged: it has seen ${sequence} commits, and its accounts and documents tell of ${found}.`,
  );
}
