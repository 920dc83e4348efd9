import { resellerLineage } from "../domain/reseller.js";
import {
  assembleLineage,
  parseAccountRevision,
  parseChange,
  parseDocument,
  parseVersion,
  storedDocument,
  versionOfRecord,
} from "./records.js";
import {
  type AccountRecord,
  type AccountRevision,
  type CommitOrigin,
  type DocumentKey,
  documentKeys,
  type Lineage,
  type PastConfig,
} from "./store.js";

/** What a store finds of a past moment: records, as they are written down. */
export interface PastRecords {
  /** Undefined: it is the sequence that was asked for. */
  readonly moment: string | undefined;
  /** The sequence of the last commit at or before the moment; undefined: the feed does not go back so far. */
  readonly sequence: number | undefined;
  /** What the feed tells of that commit, if it still does. */
  readonly change: string | undefined;
  /** The time of the newest commit, and of the first one of which the feed still tells; empty: there is none. */
  readonly newest: string;
  readonly feedStart: string;
  account(id: string): PastAccount;
  document(key: DocumentKey): PastEntries;
}

/** Of a history, the last entry at or before the moment, and the one after it. */
export interface PastEntries {
  readonly last: string | undefined;
  readonly next: string | undefined;
}

export interface PastAccount extends PastEntries {
  /** The account as it is now; undefined: it is gone. */
  readonly now: AccountRecord | undefined;
  /** Whether an account of this id was deleted since; asked for by sequence alone. */
  readonly deletedSince?: boolean;
}

/** Whether a time is at or before a moment; `Z` ends both, and imported times may have more or fewer digits. */
export function isAtOrBefore(time: string, moment: string): boolean {
  return time.slice(0, -1) <= moment.slice(0, -1);
}

/** When a change was made. Of the first record of an account its creation tells it, also where nothing else does. */
export function timeOf({ at, account }: AccountRevision): string | undefined {
  return at ?? (account.version.revision === 1 ? account.createdAt : undefined);
}

/** The config of one target as the records have it. */
export function pastConfig(records: PastRecords, { accountId, configId }: DocumentKey): PastConfig {
  if (accountId === undefined) return pastLayers(records, undefined, [], configId);
  const ways = new Map<string, Step>();
  const target = stepOf(records, accountId, ways);
  if (target.outcome === "noAccount" || target.isAnother) return { outcome: "noAccount" };
  let lineage: Lineage | undefined;
  try {
    lineage = assembleLineage(accountId, (id) => {
      const step = stepOf(records, id, ways);
      if (step.outcome !== "kept") throw new NotKept();
      return step.account;
    });
  } catch (error) {
    if (!(error instanceof NotKept)) throw error;
  }
  const steps = [...ways.values()];
  if (lineage === undefined) return notKept(records, steps, []);
  const reseller = resellerLineage(lineage)?.[0];
  // With an account its documents go, and those of another one with its id tell nothing of them.
  if (reseller !== undefined && ways.get(reseller.id)?.isAnother) return notKept(records, steps, []);
  return pastLayers(records, lineage, steps, configId);
}

class NotKept extends Error {}

/** An account on the way to the root, as it was. */
interface Step {
  readonly outcome: "kept" | "noAccount" | "notKept";
  readonly account: AccountRecord | undefined;
  readonly origin: Partial<CommitOrigin>;
  /** Whether the account is gone, or its id is another account's now. */
  readonly isAnother: boolean;
  /** When it next changed, as far as is known. */
  readonly next: string | undefined;
}

function stepOf(records: PastRecords, id: string, steps: Map<string, Step>): Step {
  const known = steps.get(id);
  if (known !== undefined) return known;
  const found = records.account(id);
  const { last, next } = found;
  const [past, later] = [last, next].map((entry) =>
    entry === undefined ? undefined : parseAccountRevision(entry),
  );
  const step: Step = {
    outcome: outcomeOf(records, past, later),
    account: past?.account,
    origin: past ?? {},
    isAnother: isAnother(records, found, past),
    next: later && timeOf(later),
  };
  steps.set(id, step);
  return step;
}

function isAnother(
  { moment }: PastRecords,
  { now, deletedSince }: PastAccount,
  past: AccountRevision | undefined,
): boolean {
  if (now === undefined) return true;
  // A later account of the id may have the very same time.
  if (moment === undefined) return deletedSince === true || past?.account.createdAt !== now.createdAt;
  return !isAtOrBefore(now.createdAt, moment);
}

function outcomeOf(
  { sequence }: PastRecords,
  past: AccountRevision | undefined,
  later: AccountRevision | undefined,
): Step["outcome"] {
  // It may have been made before the moment.
  if (sequence === undefined && later !== undefined && timeOf(later) === undefined) return "notKept";
  if (past === undefined) return later?.account.version.revision === 1 ? "noAccount" : "notKept";
  return past.kind === "DELETE" ? "noAccount" : "kept";
}

function pastLayers(
  records: PastRecords,
  lineage: Lineage | undefined,
  steps: readonly Step[],
  configId: string,
): PastConfig {
  const keys = documentKeys(lineage, configId);
  const entries = keys.map((key) => records.document(key));
  const lost = entries.filter(({ last, next }) => last === undefined && next !== undefined && !isFirst(next));
  if (lost.length > 0)
    return notKept(
      records,
      steps,
      lost.map(({ next = "" }) => parseDocument(next).at),
    );
  const documents = entries.map(({ last }) => (last === undefined ? undefined : storedDocument(last)));
  const versions = documents.map((document) => document?.version);
  return { outcome: "kept", lineage, keys, versions, documents, ...placeOf(records, entries, steps) };
}

function isFirst(record: string): boolean {
  return parseVersion(versionOfRecord(record)).revision === 1;
}

/** The commit after which it was so, and the schemas of that. */
function placeOf(
  { sequence, change }: PastRecords,
  entries: readonly PastEntries[],
  steps: readonly Step[],
): { sequence: number; schema: string | undefined } {
  const made = [
    ...entries.flatMap(({ last }) => (last === undefined ? [] : parseDocument(last))).map(originIn),
    ...steps.map(({ account, origin }) => ({
      sequence: account?.version.sequence ?? 0,
      schema: origin.schema,
    })),
  ];
  const last = made.reduce((a, b) => (a.sequence < b.sequence ? b : a), { sequence: 0, schema: undefined });
  const schema = change === undefined ? last.schema : parseChange(change).schema;
  return { sequence: sequence ?? last.sequence, schema };
}

function originIn({ version, schema }: ReturnType<typeof parseDocument>) {
  return { sequence: version.sequence, schema };
}

/** @param documents when the documents that are missing are known again */
function notKept(records: PastRecords, steps: readonly Step[], documents: readonly string[]): PastConfig {
  const times = [...documents, ...steps.map(({ next }) => next), records.feedStart];
  const later = times.filter((time) => time !== undefined && !isAtOrBefore(time, records.moment ?? ""));
  return { outcome: "notKept", next: later.sort()[0] ?? records.newest };
}
