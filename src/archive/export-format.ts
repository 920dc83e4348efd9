import type {
  ArchivedAccount,
  ArchivedBlame,
  ArchivedChange,
  ArchivedConfig,
  ArchivedDocument,
  ArchivedWrite,
} from "../store/archive.js";
import { splitText } from "../store/document-text.js";
import type { Change, DocumentKey, Version } from "../store/store.js";

/**
 * What an export is made of, one JSON text per line: a header, the items, an end. An override is the last member of its
 * line and is the very text that the store has: it is spliced in and cut out again, never parsed and written anew, so
 * that the order of its keys and the spelling of its numbers survive. So it is with the blame of a document. Its constraints
 * and pins are a text inside a JSON string, so that nothing in them looks like the start of the override.
 */
export const EXPORT_FORMAT = 3;

export interface ExportHeader {
  /** The life of the store that it was made from. */
  readonly incarnation: string;
  /** The sequence of the newest commit when it was begun. */
  readonly from: number;
  /** When it was begun: RFC 3339, UTC. */
  readonly at: string;
}

export interface ExportEnd {
  /** How many lines come before this one. */
  readonly lines: number;
  /** The whole export is as of this commit. */
  readonly sequence: number;
  /** How many of the commits up to it left nothing behind: those of accounts that were deleted. */
  readonly dropped: number;
  /** Of every byte of the file that comes before it. */
  readonly sha256: string;
}

/** That an account was deleted, as format 1 tells it: nothing of it that comes before counts. */
export interface ExportedDeletion {
  readonly on: "deletion";
  readonly accountId: string;
  /** The one that the deletion made. */
  readonly version: Version;
}

/** That the revisions of a document below one are no longer kept: none of them that comes before counts. */
export interface ExportedTrim {
  readonly on: "trim";
  readonly key: DocumentKey;
  /** The first one that counts, and is to come next. */
  readonly revision: number;
}

export type ExportedItem =
  | ArchivedChange
  | ArchivedAccount
  | ArchivedDocument
  | ArchivedBlame
  | ArchivedConfig
  | ExportedDeletion
  | ExportedTrim;

const END_START = '{"end":';
const DIGEST_START = ',"sha256":"';
export const WRITE_START = '{"write":';
export const CONFIG_START = '{"config":';
export const DELETION_START = '{"deletion":';
export const OVERRIDE_START = ',"override":';
export const BLAME_START = '{"blame":';
export const BLAME_TEXT_START = ',"of":';
export const TRIM_START = '{"trim":';
export const CHANGE_START = '{"change":';

export function headerLine({ incarnation, from, at }: ExportHeader): string {
  return JSON.stringify({ strata: "export", format: EXPORT_FORMAT, incarnation, from, at });
}

/** The same item is the same line, whichever store it comes from. */
export function itemLine(item: ExportedItem): string {
  switch (item.on) {
    case "account":
      return accountLine(item);
    case "document":
      return writeLine(item);
    case "blame":
      return blameLine(item);
    case "change":
      return changeLine(item.change);
    case "trim": {
      const { accountId, configId } = item.key;
      return JSON.stringify({ trim: { accountId, configId, revision: item.revision } });
    }
    case "config": {
      const { configId, sequence } = item;
      return JSON.stringify({ config: { configId, sequence } });
    }
    case "deletion": {
      const { accountId, version } = item;
      return JSON.stringify({ deletion: { accountId, version: inOrder(version) } });
    }
  }
}

function accountLine({ account, kind, at, by, schema, note }: ArchivedAccount): string {
  const { id, name, parentId, isReseller, createdAt, tokensFrom, version } = account;
  return JSON.stringify({
    account: { id, name, parentId, isReseller, createdAt, tokensFrom, version: inOrder(version) },
    kind,
    at,
    by,
    schema,
    note,
  });
}

function changeLine({ at, by, schema, note, ...change }: Change): string {
  const origin = { kind: change.kind, at, by, schema, note };
  if (change.on === "account") {
    const { id, name, parentId, isReseller, createdAt, tokensFrom, version } = change.account;
    const account = { id, name, parentId, isReseller, createdAt, tokensFrom, version: inOrder(version) };
    return JSON.stringify({ change: { account, ...origin } });
  }
  const { accountId, configId } = change.key;
  return JSON.stringify({ change: { accountId, configId, version: inOrder(change.version), ...origin } });
}

function blameLine({ key, version, text }: ArchivedBlame): string {
  const { accountId, configId } = key;
  const line = JSON.stringify({ blame: { accountId, configId, version: inOrder(version) } });
  return `${line.slice(0, -2)}${BLAME_TEXT_START}${text}}}`;
}

function writeLine({ key, version, kind, at, by, schema, note, restoredFrom, text }: ArchivedWrite): string {
  const { accountId, configId } = key;
  const { override, rules } = text === undefined ? { rules: undefined } : splitText(text);
  const line = JSON.stringify({
    write: {
      accountId,
      configId,
      version: inOrder(version),
      kind,
      at,
      by,
      schema,
      note,
      restoredFrom,
      rules,
    },
  });
  return override === undefined ? line : `${line.slice(0, -2)}${OVERRIDE_START}${override}}}`;
}

function inOrder({ revision, sequence, nonce }: Version): Version {
  return { revision, sequence, nonce };
}

/** The last line up to where its digest belongs: this much of it is under the digest. */
export function endLineStart({ lines, sequence, dropped }: Omit<ExportEnd, "sha256">): string {
  return `${END_START}{"lines":${lines},"sequence":${sequence},"dropped":${dropped}${DIGEST_START}`;
}

export function endLineRest(sha256: string): string {
  return `${sha256}"}}`;
}

export function isEndLine(line: string): boolean {
  return line.startsWith(END_START);
}

/** The part of the last line that is under its digest. */
export function digestedPart(endLine: string): string {
  return endLine.slice(0, endLine.lastIndexOf(DIGEST_START) + DIGEST_START.length);
}
