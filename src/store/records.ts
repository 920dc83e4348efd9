import { secondOf, TOKENS_WAIT } from "../domain/clock.js";
import { StrataError } from "../domain/errors.js";
import { parseJsonText } from "../domain/json/json-text.js";
import { parseDocumentText } from "./document-text.js";
import type {
  AccountChange,
  AccountRecord,
  AccountRevision,
  Change,
  Commit,
  CommitOrigin,
  DocumentChange,
  DocumentKey,
  DocumentRevision,
  Lineage,
  StoredBlame,
  StoredDocument,
  Version,
  WriteKind,
} from "./store.js";
import { originOf, versionText } from "./store.js";

/**
 * How things are written down, whatever the store: a record is lines, the first its version, the last JSON that nobody
 * has to parse in order to find the others (JSON text has no line breaks of its own). The documents of the system layer
 * belong to `~`: no account id is that.
 */
export const SYSTEM_OWNER = "~";

/**
 * JSON that Strata wrote into the store. Where the store is damaged nothing of it is quoted: the reason may end in a log.
 * @throws Error
 */
export function parseStored<T>(text: string): T {
  return undamaged(() => parseJsonText(text) as unknown as T);
}

function undamaged<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new Error(`a record of the store is damaged: ${(error as Error).message}`);
  }
}

/** Who wrote a document, when, why, and how. */
export interface DocumentHeader extends CommitOrigin {
  readonly kind: WriteKind;
  readonly restoredFrom?: number | undefined;
}

export function ownerOf({ accountId }: DocumentKey): string {
  return accountId ?? SYSTEM_OWNER;
}

export function keyOf(owner: string, configId: string): DocumentKey {
  return { accountId: owner === SYSTEM_OWNER ? undefined : owner, configId };
}

export function parseVersion(text: string): Version {
  const [revision, sequence, nonce = ""] = text.split(".");
  return { revision: Number(revision), sequence: Number(sequence), nonce };
}

/** The part of a document's record below its version: its header, and its text (`document-text.ts`); empty: removed. */
export function documentBody(header: DocumentHeader, text: string | undefined): string {
  return `${headerText(header)}\n${text ?? ""}`;
}

/** @param header `at` goes in as it is: a store that decides it later puts a mark in its place that JSON never has */
export function headerText(header: DocumentHeader): string {
  const { kind, restoredFrom } = header;
  const restored = restoredFrom === undefined ? "" : `,"restoredFrom":${restoredFrom}`;
  return `{"kind":"${kind}",${originText(header)}${restored}}`;
}

/** As members of a JSON object. */
function originText({ at, by, schema, note }: CommitOrigin): string {
  const schemaText = schema === undefined ? "" : `,"schema":${JSON.stringify(schema)}`;
  const noteText = note === undefined ? "" : `,"note":${JSON.stringify(note)}`;
  return `"at":"${at}","by":${JSON.stringify(by)}${schemaText}${noteText}`;
}

export interface DocumentRecord extends DocumentHeader {
  readonly version: Version;
  /** As `document-text.ts` has it; undefined: the document was removed. */
  readonly text: string | undefined;
}

/** Reads a version and a body, one line after the other. */
export function parseDocument(record: string): DocumentRecord {
  const first = record.indexOf("\n");
  const second = record.indexOf("\n", first + 1);
  const header = parseStored<DocumentHeader>(record.slice(first + 1, second));
  const text = record.slice(second + 1);
  return { version: parseVersion(record.slice(0, first)), text: text === "" ? undefined : text, ...header };
}

/** @param blameRecord of the same moment; undefined: there is none, or nobody wants to know */
export function storedDocument(record: string, blameRecord?: string): StoredDocument {
  const { version, at, by, note, override, constraints, pins } = documentRevision(record);
  const blame = blameRecord === undefined ? undefined : parseBlame(blameRecord);
  return {
    version,
    override,
    ...(constraints && { constraints }),
    ...(pins && { pins }),
    updatedAt: at,
    updatedBy: by,
    ...(note !== undefined && { note }),
    ...(blame && { blame }),
  };
}

export function documentRevision(record: string): DocumentRevision {
  const { text, ...header } = parseDocument(record);
  const content = text === undefined ? undefined : undamaged(() => parseDocumentText(text));
  return { override: undefined, ...header, ...content };
}

/**
 * What is kept of a document beside its record: lines, the first its version, the second from which revision on its
 * history counts and how many bytes that part has, the last its blame.
 */
export function blameRecordOf(
  version: Version,
  extent: HistoryExtent | undefined,
  blame: string | undefined,
): string {
  const kept = extent === undefined ? "" : `${extent.from} ${extent.bytes}`;
  return recordOf(version, `${kept}\n${blame ?? ""}`);
}

/** The part of a history that is to be kept; what is older goes, some of it with each commit. */
export interface HistoryExtent {
  readonly from: number;
  readonly bytes: number;
}

/** Undefined: it is not known. */
export function parseExtent(blameRecord: string): HistoryExtent | undefined {
  const found = /^[^\n]*\n(\d+) (\d+)\n/.exec(blameRecord);
  return found === null ? undefined : { from: Number(found[1]), bytes: Number(found[2]) };
}

export function parseBlame(blameRecord: string): StoredBlame | undefined {
  const second = blameRecord.indexOf("\n", blameRecord.indexOf("\n") + 1);
  const text = blameRecord.slice(second + 1);
  return text === "" ? undefined : { version: parseVersion(versionOfRecord(blameRecord)), text };
}

/**
 * The part of an account's record below its version: its parent's id (the root: empty), `reseller` or nothing, and the
 * rest of it.
 */
export function accountBody(account: Omit<AccountRecord, "version">): string {
  const { id, name, parentId, isReseller } = account;
  return `${parentId ?? ""}\n${isReseller ? "reseller" : ""}\n${born(JSON.stringify({ id, name }), account)}`;
}

/** An account's JSON with the members that its creation gives it. */
function born(json: string, { createdAt, tokensFrom }: Omit<AccountRecord, "version">): string {
  const tokens = tokensFrom === undefined ? "" : `,"tokensFrom":${tokensFrom}`;
  return `${json.slice(0, -1)},"createdAt":"${createdAt}"${tokens}}`;
}

/**
 * An account as its creation makes it. Where the id is new its tokens count from now on, by the clock of whoever creates
 * it. Where another account had the id they count once no token of that one can be so young: its issuer's clock may have
 * been ahead of the store's time at the deletion, and so may another gateway's.
 * @param clock of whoever creates it
 * @param at the time of the commit
 * @param deletedAt the time of the commit that deleted the last account with this id; undefined: there was none
 */
export function newAccount(
  account: Omit<AccountRecord, "version">,
  clock: string,
  at: string,
  deletedAt: string | undefined,
): Omit<AccountRecord, "version"> {
  const { tokensFrom: _, ...given } = account;
  const free = deletedAt === undefined ? 0 : secondOf(deletedAt) + TOKENS_WAIT;
  const tokensFrom = Math.max(secondOf(clock), free);
  return { ...given, createdAt: at, ...(tokensFrom !== secondOf(at) && { tokensFrom }) };
}

export function parseAccount(record: string): AccountRecord {
  const [version = "", parentId = "", role, json = ""] = record.split("\n");
  const { id, name, createdAt, tokensFrom } =
    parseStored<Pick<AccountRecord, "id" | "name" | "createdAt" | "tokensFrom">>(json);
  const parent = parentId === "" ? undefined : parentId;
  return {
    id,
    name,
    parentId: parent,
    isReseller: role === "reseller",
    createdAt,
    ...(tokensFrom !== undefined && { tokensFrom }),
    version: parseVersion(version),
  };
}

/** How many accounts there are so many levels below one; empty text: none. */
export function countsText(counts: readonly number[]): string {
  return counts.join(",");
}

export function parseCounts(text: string | null | undefined): number[] {
  return text ? text.split(",").map(Number) : [];
}

/** The version's text of a record, or of a version alone. */
export function versionOfRecord(record: string): string {
  const end = record.indexOf("\n");
  return end < 0 ? record : record.slice(0, end);
}

/** The part of a change's record below its version: what the feed tells of a commit. */
export function changeBody(commit: Pick<Commit, "write"> & CommitOrigin): string {
  const { write } = commit;
  const end = `,${originText(commit)}}`;
  const { on, kind } = write;
  if (write.on === "document") return JSON.stringify({ on, key: write.key, kind }).slice(0, -1) + end;
  const { id, name, parentId, isReseller } = write.account;
  const account = born(JSON.stringify({ id, name, parentId, isReseller }), write.account);
  return `${JSON.stringify({ on, kind }).slice(0, -1)},"account":${account}${end}`;
}

/** The record of a change, as the feed has it. */
export function changeRecord(change: Change): string {
  const origin = originOf(change);
  if (change.on === "document") {
    const { key, kind, version } = change;
    const write = { on: "document", key, kind, override: undefined } as const;
    return recordOf(version, changeBody({ write, ...origin }));
  }
  const { version, ...account } = change.account;
  const write = { on: "account", kind: change.kind, account } as const;
  return recordOf(version, changeBody({ write, ...origin }));
}

export function parseChange(record: string): Change {
  const version = parseVersion(versionOfRecord(record));
  const change = parseStored<Omit<DocumentChange, "version"> | Omit<AccountChange, "version">>(
    record.slice(record.indexOf("\n") + 1),
  );
  if (change.on === "account") {
    const { id, name, parentId, isReseller, createdAt, tokensFrom } = change.account;
    const tokens = tokensFrom === undefined ? {} : { tokensFrom };
    return { ...change, account: { id, name, parentId, isReseller, createdAt, ...tokens, version } };
  }
  const { accountId, configId } = change.key;
  return { version, ...change, key: { accountId, configId } };
}

/** A record in an account's history, as the feed tells a change; what is not known of it is left out. */
export function accountRevisionText({ account, kind, at, by, schema, note }: AccountRevision): string {
  const { version, ...record } = account;
  const body =
    kind !== undefined && at !== undefined && by !== undefined
      ? changeBody({ write: { on: "account", kind, account: record }, at, by, schema, note })
      : JSON.stringify({ on: "account", account: record });
  return recordOf(version, body);
}

export function parseAccountRevision(record: string): AccountRevision {
  const change = parseChange(record);
  if (change.on !== "account") throw damagedHistory();
  const { on: _, ...revision } = change;
  return revision;
}

function damagedHistory(): StrataError {
  return new StrataError(
    "STORE_UNAVAILABLE",
    "The store is damaged: the history of an account holds something else than records of it.",
  );
}

export function recordOf(version: Version, body: string): string {
  return `${versionText(version)}\n${body}`;
}

const LINEAGE_STEPS = 64;

/**
 * An account with its ancestors; undefined when there is no such account.
 * @throws StrataError STORE_UNAVAILABLE when they do not end at a root
 */
export function assembleLineage(
  id: string,
  find: (accountId: string) => AccountRecord | undefined,
): Lineage | undefined {
  const first = find(id);
  if (first === undefined) return undefined;
  const lineage: [AccountRecord, ...AccountRecord[]] = [first];
  for (let last = first; last.parentId !== undefined; ) {
    const parent = find(last.parentId);
    if (parent === undefined || lineage.length > LINEAGE_STEPS) throw brokenLineage(id);
    lineage.push(parent);
    last = parent;
  }
  return lineage;
}

function brokenLineage(id: string): StrataError {
  return new StrataError(
    "STORE_UNAVAILABLE",
    `The ancestors of account ${id} do not end at a root within ${LINEAGE_STEPS} steps: its record is damaged.`,
  );
}
