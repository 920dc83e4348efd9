import type { Principal } from "../../auth/principal.js";
import { StrataError } from "../../domain/errors.js";
import { checkId } from "../../domain/id.js";
import {
  type AuditEntry,
  accountIdOf,
  auditCursor,
  auditEntry,
  parseAuditCursor,
} from "../../store/audit/audit-entry.js";
import { type Change, sequenceOfChange } from "../../store/store.js";
import type { AccountView } from "../account-view.js";
import { authorizeAtAll } from "../authorize.js";
import { checkPageSize } from "../page-size.js";
import type { RequestReader } from "../read/request-reader.js";
import { guardTiming } from "../timing-guard.js";
import { yieldToEventLoop } from "../yield-to-event-loop.js";
import { AuditReach } from "./audit-reach.js";

export type { AuditAction } from "../../store/audit/audit-entry.js";

export interface AuditWanted {
  /** Only what was done to this account and its documents. */
  readonly accountId?: string | undefined;
  readonly configId?: string | undefined;
  /** Only what this subject did. */
  readonly actor?: string | undefined;
  /** How many, at most. */
  readonly first: number;
  /** A cursor: only what comes behind it, which is older. */
  readonly after?: string | undefined;
}

export interface VisibleEntry extends AuditEntry {
  /** Undefined: the system layer, or the account is gone. */
  readonly account: AccountView | undefined;
}

/** Some entries of the log, newest first. */
export interface AuditPage {
  readonly entries: readonly VisibleEntry[];
  /** Whether there is more of the log to look through: a page may have fewer entries than there is room for. */
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  /** How far the log was looked through; undefined: not at all. */
  readonly endCursor: string | undefined;
}

/** How many entries one page may have. */
export const AUDIT_PAGE_LIMIT = 1_000;
/** How many entries of the log are looked through for one page, and how many at once. */
const LOOKED_THROUGH = 5_000;
const AT_ONCE = 500;
/** More than it takes to look for an account on the way up from a deleted one. */
const ABSENT_AFTER_MS = 25;

/**
 * One page of the audit log: every commit to what the caller may access, and to accounts that it might access when they
 * were deleted; to superadmins the system layer's, too.
 * @throws StrataError UNAUTHENTICATED, FORBIDDEN; BAD_USER_INPUT for a page that is too large (limit `pageSize`) and for
 * what is no cursor of the log; ACCOUNT_NOT_FOUND for the account that is asked for; STORE_UNAVAILABLE
 */
export async function auditPage(
  principal: Principal,
  wanted: AuditWanted,
  reader: RequestReader,
): Promise<AuditPage> {
  authorizeAtAll(principal, "read");
  const { accountId, configId, first, after } = wanted;
  if (accountId !== undefined) checkId(accountId, "account", "/accountId");
  if (configId !== undefined) checkId(configId, "config", "/configId");
  checkPageSize(first, AUDIT_PAGE_LIMIT, "entries", "/first");
  const start = after === undefined ? undefined : sequenceIn(after);
  const reach = new AuditReach(principal, reader);
  if (accountId !== undefined)
    await guardTiming(principal, () => reach.checkAccount(accountId), ABSENT_AFTER_MS);
  return collect(wanted, start, reader, reach);
}

async function collect(
  wanted: AuditWanted,
  start: number | undefined,
  reader: RequestReader,
  reach: AuditReach,
): Promise<AuditPage> {
  const entries: VisibleEntry[] = [];
  let [last, isOver] = [start, wanted.first === 0];
  let hasNextPage = true;
  for (let looked = 0; !isOver && looked < LOOKED_THROUGH; looked += AT_ONCE) {
    const changes = await reader.pastChanges(last, AT_ONCE);
    const rest = wanted.first - entries.length;
    const seen = (await reach.visible(changes.filter((change) => isWanted(change, wanted)))).slice(0, rest);
    for (const { change, account, name } of seen) entries.push({ ...auditEntry(change, name), account });
    const end = seen.length === rest ? seen.at(-1)?.change : changes.at(-1);
    last = end === undefined ? last : sequenceOfChange(end);
    isOver = entries.length === wanted.first || changes.length < AT_ONCE;
    hasNextPage = !(changes.length < AT_ONCE && end === changes.at(-1));
    await yieldToEventLoop();
  }
  return {
    entries,
    hasNextPage,
    hasPreviousPage: start !== undefined,
    endCursor: last === undefined ? undefined : auditCursor(last),
  };
}

function isWanted(change: Change, { accountId, configId, actor }: AuditWanted): boolean {
  return (
    (accountId === undefined || accountIdOf(change) === accountId) &&
    (configId === undefined || (change.on === "document" && change.key.configId === configId)) &&
    (actor === undefined || change.by === actor)
  );
}

function sequenceIn(cursor: string): number {
  const sequence = parseAuditCursor(cursor);
  if (sequence !== undefined) return sequence;
  throw new StrataError("BAD_USER_INPUT", "Not a cursor of the audit log: hand back one that it gave you.", {
    pointer: "/after",
  });
}
