import type { AccountRecord, AccountRevision } from "../store.js";

/** One account between its creation and its deletion: another one may get its id afterwards. */
export interface AccountLife {
  /** What it was, oldest first; the first of them counts from the beginning. */
  readonly records: readonly AccountRecord[];
  /** The sequence of its deletion; undefined: none is known. */
  readonly end: number | undefined;
}

/** As the ports have it: the records that commits after a sequence made, oldest first, at most so many. */
export type ReadAccountHistory = (
  accountId: string,
  after: number,
  limit: number,
) => Promise<readonly AccountRevision[]>;

const RECORDS_AT_ONCE = 1_000;
/** Of one id: nobody renames an account so often. */
const READS = 10;

/** The lives of every id that was ever an account's, each read once. */
export class AccountLives {
  readonly #known = new Map<string, Promise<readonly AccountLife[]>>();

  constructor(private readonly read: ReadAccountHistory) {}

  /** Oldest first; none where no record of the account is known. */
  of(accountId: string): Promise<readonly AccountLife[]> {
    const known = this.#known.get(accountId) ?? this.#readAll(accountId);
    this.#known.set(accountId, known);
    return known;
  }

  async #readAll(accountId: string): Promise<readonly AccountLife[]> {
    const found: AccountRevision[] = [];
    for (let reads = 0; reads < READS; reads++) {
      const after = found.at(-1)?.account.version.sequence ?? 0;
      const some = await this.read(accountId, after, RECORDS_AT_ONCE);
      found.push(...some);
      if (some.length < RECORDS_AT_ONCE) break;
    }
    return livesIn(found);
  }
}

function livesIn(revisions: readonly AccountRevision[]): AccountLife[] {
  const lives: AccountLife[] = [];
  let records: AccountRecord[] = [];
  for (const { kind, account } of revisions) {
    if (kind !== "DELETE") {
      records.push(account);
      continue;
    }
    // The record of a deletion is the account as it was: a store of an older release may know no other.
    lives.push({ records: records.length > 0 ? records : [account], end: account.version.sequence });
    records = [];
  }
  if (records.length > 0) lives.push({ records, end: undefined });
  return lives;
}

/** The life that a commit of this sequence was in. */
export function lifeAt(lives: readonly AccountLife[], sequence: number): AccountLife | undefined {
  return lives.find(({ end }) => end === undefined || sequence <= end);
}

/** The account as it was once this commit was made. */
export function recordAt({ records }: AccountLife, sequence: number): AccountRecord | undefined {
  return records.findLast(({ version }) => version.sequence <= sequence) ?? records[0];
}
