import {
  type AccountRecord,
  type DocumentKey,
  type DocumentRevision,
  keyText,
  type Lineage,
  type Store,
  type StoredDocument,
  sameVersion,
} from "../../store/store.js";
import { fromStore } from "../from-store.js";
import { BACKGROUND_MS, yieldToEventLoop } from "../yield-to-event-loop.js";

/** Revisions that are read at a time, and the bytes of their records. */
const PAGE = { limit: 100, bytes: 2 ** 20 };
/** Revisions of one document that are kept one by one, and pages that they are read from: of more only what they come to. */
const MOST_APART = { revisions: 1_000, pages: 4 };
/** More records of one account than any has in practice. */
const ACCOUNT_RECORDS = 1_000;

export type PastStore = Pick<Store, "history" | "documents" | "lineages" | "accountHistory">;

/** A document as it was, and what became of it. */
export interface DocumentCourse {
  /** Undefined: there was none yet. */
  readonly base: StoredDocument | undefined;
  /** What came after it, oldest first; the newest alone where it was too much. */
  readonly later: readonly StoredDocument[];
  readonly isWhole: boolean;
}

/** Reads what was stored after the commit of a sequence: exactly, or not at all (undefined). */
export class PastState {
  constructor(private readonly store: PastStore) {}

  /**
   * A document after the commit of a sequence, and every revision since.
   * @param newest the document as it was read at some later sequence
   */
  async course(
    key: DocumentKey,
    newest: StoredDocument | undefined,
    sequence: number,
  ): Promise<DocumentCourse | undefined> {
    const later: StoredDocument[] = [];
    let isWhole = true;
    if (newest === undefined || newest.version.sequence <= sequence) return { base: newest, later, isWhole };
    const from = (base: StoredDocument | undefined): DocumentCourse => {
      return { base, later: isWhole ? later.reverse() : [newest], isWhole };
    };
    for (let next = newest.version.revision, pages = 1; next > 0; pages++) {
      await yieldToEventLoop(BACKGROUND_MS);
      const { revisions } = await fromStore(this.store.history({ key, before: next + 1, ...PAGE }));
      const [first] = revisions;
      // It was trimmed meanwhile, or is another account's now.
      if (first?.version.revision !== next) return undefined;
      if (next === newest.version.revision && !sameVersion(first.version, newest.version)) return undefined;
      for (const revision of revisions) {
        if (revision.version.sequence <= sequence) return from(documentOf(revision));
        if (isWhole) later.push(documentOf(revision));
        next = revision.version.revision - 1;
      }
      isWhole &&= pages < MOST_APART.pages && later.length < MOST_APART.revisions;
      if (!isWhole) later.length = 0;
    }
    return from(undefined);
  }

  /** Documents after the commit of a sequence, by `keyText`. */
  async documentsAt(
    keys: readonly DocumentKey[],
    sequence: number,
  ): Promise<ReadonlyMap<string, StoredDocument | undefined> | undefined> {
    const documents = await fromStore(this.store.documents(keys));
    const found = new Map<string, StoredDocument | undefined>();
    for (const [index, key] of keys.entries()) {
      const course = await this.course(key, documents[index], sequence);
      if (course === undefined) return undefined;
      found.set(keyText(key), course.base);
    }
    return found;
  }

  /** An account with its ancestors after the commit of a sequence. */
  async lineageAt(accountId: string, sequence: number): Promise<Lineage | undefined> {
    const { lineages } = await fromStore(this.store.lineages([accountId]));
    const known = new Map(lineages[0]?.map((account) => [account.id, account]));
    const lineage: AccountRecord[] = [];
    for (let id: string | undefined = accountId; id !== undefined; ) {
      const now = known.get(id);
      const account: AccountRecord | undefined =
        now !== undefined && now.version.sequence <= sequence ? now : await this.#accountAt(id, sequence);
      if (account === undefined || lineage.length > MOST_LEVELS) return undefined;
      lineage.push(account);
      id = account.parentId;
    }
    const [first, ...above] = lineage;
    return first && [first, ...above];
  }

  async #accountAt(id: string, sequence: number): Promise<AccountRecord | undefined> {
    const records = await fromStore(this.store.accountHistory(id, 0, ACCOUNT_RECORDS));
    if (records.length === ACCOUNT_RECORDS) return undefined;
    const last = records.findLast(({ account }) => account.version.sequence <= sequence);
    return last?.kind === "DELETE" ? undefined : last?.account;
  }

  /** Whether an account was there, and inherited from the same accounts, at every moment since the commit of a sequence. */
  async hasStayed(lineage: Lineage, sequence: number): Promise<boolean> {
    for (const account of lineage) {
      if (account.version.sequence <= sequence) continue;
      const all = await fromStore(this.store.accountHistory(account.id, 0, ACCOUNT_RECORDS));
      const records = all.filter((record) => record.account.version.sequence <= account.version.sequence);
      const from = records.findLastIndex((record) => record.account.version.sequence <= sequence);
      const since = from < 0 || all.length === ACCOUNT_RECORDS ? [] : records.slice(from);
      const isSame = since.every(
        (record) => record.kind !== "DELETE" && isSamePlace(record.account, account),
      );
      if (since.length === 0 || !isSame) return false;
    }
    return true;
  }
}

const MOST_LEVELS = 64;

export function isSamePlace(a: AccountRecord, b: AccountRecord): boolean {
  return a.parentId === b.parentId && a.isReseller === b.isReseller;
}

/** A revision, as the document that it made. */
export function documentOf({
  kind: _,
  restoredFrom: __,
  schema: ___,
  at,
  by,
  ...content
}: DocumentRevision): StoredDocument {
  return { updatedAt: at, updatedBy: by, ...content };
}
