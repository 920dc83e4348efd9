import type { Principal } from "../auth/principal.js";
import { AdmittingCache } from "../cache/admitting-cache.js";
import { type AnswerBasis, answerBasis, isFor } from "../service/read/answer-basis.js";
import type { ReadTrace } from "../service/read/read-trace.js";
import { VersionCheck, type VersionedStore } from "../service/read/version-check.js";
import type { RequestJournal } from "../service/request-journal.js";
import type { BulkTarget } from "./bulk-read.js";

/** A bulk answer without the address of its event stream, which is the caller's own. */
export interface BulkAnswer {
  readonly state: string;
  /** JSON of all flags: its bytes, one character for each, so that to send it needs no other encoding. */
  readonly flags: string;
}

interface Entry extends BulkAnswer, AnswerBasis {
  /** The newest commit when it was seen to hold last. */
  sequence: number | undefined;
}

export interface BulkCacheOptions {
  /** Of memory that all of it may take, as far as it can be told. */
  readonly bytes: number;
  readonly store: VersionedStore;
  /** The digest of the schema folder that is in force. */
  readonly schemaDigest: () => string;
}

/** Larger entries are not cached. */
const LARGEST_SHARE = 1 / 8;
/** Upper bound of the bytes of a version, and of an entry beside its flags. */
const BYTES_PER_VERSION = 400;
const BYTES_PER_ENTRY = 512;

/**
 * Bulk answers by what they are about and what the caller may see. The schema folder and the versions of everything that they were
 * made of are compared each time: an entry can be missing, never stale.
 */
export class BulkCache {
  readonly #entries: AdmittingCache<Entry>;
  readonly #versions: VersionCheck;

  constructor(private readonly options: BulkCacheOptions) {
    const { bytes, store } = options;
    this.#entries = new AdmittingCache({ bytes, largestBytes: bytes * LARGEST_SHARE, sizeOf });
    this.#versions = new VersionCheck(store);
  }

  /**
   * The answer that evaluating would make; undefined: evaluate.
   * @throws StrataError STORE_UNAVAILABLE when the store cannot be asked
   */
  async find(
    target: BulkTarget,
    principal: Principal,
    journal: RequestJournal,
  ): Promise<BulkAnswer | undefined> {
    const entry = this.#entries.get(keyOf(target, principal));
    if (entry === undefined || !isFor(entry, principal, this.options.schemaDigest())) return undefined;
    const sequence = await this.#versions.holdsAt(entry.vector, entry.sequence, journal);
    if (sequence === undefined) return undefined;
    entry.sequence = sequence;
    return entry;
  }

  /**
   * Caches an answer on its second offer, if the versions of what was read tell whether it holds.
   * @param schemas the digest of the schema folder that it was made under
   */
  offer(
    target: BulkTarget,
    principal: Principal,
    answer: BulkAnswer,
    trace: ReadTrace,
    schemas: string,
  ): void {
    const basis = answerBasis(principal, trace, schemas);
    if (basis === undefined) return;
    const { state, flags } = answer;
    this.#entries.offer(keyOf(target, principal), { ...basis, state, flags, sequence: undefined });
  }
}

/** All of the principal that an answer can depend on: that it may read was seen before. */
function keyOf({ accountId, configIds }: BulkTarget, { accountId: own, isSuperadmin }: Principal): string {
  return `${isSuperadmin ? "*" : own} ${accountId} ${configIds?.join() ?? "*"}`;
}

function sizeOf({ flags, vector: { accounts, documents } }: Entry, key: string): number {
  const versions = accounts.length + documents.length;
  return BYTES_PER_ENTRY + key.length + flags.length + BYTES_PER_VERSION * versions;
}
