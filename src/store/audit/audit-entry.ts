import { type AccountWriteKind, type Change, sequenceOfChange, type WriteKind } from "../store.js";

export type AuditAction = `${AccountWriteKind}_ACCOUNT` | WriteKind;

/** One commit, for the audit log: who did what to which account or document, when and why. It holds no value. */
export interface AuditEntry {
  /** Its place in the log. */
  readonly cursor: string;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly actor: string;
  readonly action: AuditAction;
  /** Undefined: it was to the system layer. */
  readonly accountId: string | undefined;
  /** As it was once the commit was made; undefined: nobody knows any more. */
  readonly accountName: string | undefined;
  readonly configId: string | undefined;
  /** Of the document. */
  readonly revision: number | undefined;
  readonly note: string | undefined;
}

export function accountIdOf(change: Change): string | undefined {
  return change.on === "document" ? change.key.accountId : change.account.id;
}

/** @param accountName what the account was called; of a change of the account itself the change says it */
export function auditEntry(change: Change, accountName: string | undefined): AuditEntry {
  const { at, by: actor, note } = change;
  const cursor = auditCursor(sequenceOfChange(change));
  if (change.on === "document") {
    const { key, kind: action, version } = change;
    const { accountId, configId } = key;
    return { cursor, at, actor, action, accountId, accountName, configId, revision: version.revision, note };
  }
  const { id: accountId, name } = change.account;
  const action = `${change.kind}_ACCOUNT` as const;
  return {
    cursor,
    at,
    actor,
    action,
    accountId,
    accountName: name,
    configId: undefined,
    revision: undefined,
    note,
  };
}

/** A place in the log, as text that means nothing to clients. */
export function auditCursor(sequence: number): string {
  return Buffer.from(`audit/${sequence}`).toString("base64url");
}

/** The sequence of a place in the log; undefined when it is none. */
export function parseAuditCursor(cursor: string): number | undefined {
  const [, digits] = /^audit\/(\d{1,16})$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  const sequence = Number(digits);
  return Number.isSafeInteger(sequence) && auditCursor(sequence) === cursor ? sequence : undefined;
}
