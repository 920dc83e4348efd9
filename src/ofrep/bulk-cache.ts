import type { Principal } from "../auth/principal.js";
import type { CompressionKeeper } from "../http/http-response.js";
import { KeptCompressed } from "../http/kept-compressed.js";
import { type AnswerBasis, answerBasis } from "../service/read/answer-basis.js";
import type { ReadTrace, VersionVector } from "../service/read/read-trace.js";
import type { VersionedStore } from "../service/read/version-check.js";
import { type VersionedAnswer, VersionedAnswers } from "../service/read/versioned-answers.js";
import type { RequestJournal } from "../service/request-journal.js";
import type { BulkTarget } from "./bulk-read.js";

/** A bulk answer without the address of its event stream, which is the caller's own. */
export interface BulkAnswer {
  readonly state: string;
  /** The end of the answer: its member of all flags, as bytes that are sent as they are. */
  readonly flags: Buffer;
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

/** A bulk answer in the cache. */
export class CachedBulk implements BulkAnswer, VersionedAnswer {
  readonly state: string;
  readonly flags: Buffer;
  readonly vector: VersionVector;
  readonly schemas: string;
  readonly issuedFrom: number;
  sequence: number | undefined;
  /** Compressed together with what came before the flags last. */
  #compressed: { readonly before: string; readonly kept: KeptCompressed } | undefined;

  /** @param resize to be told when it has grown; false: it may not */
  constructor(
    { state, flags, vector, schemas, issuedFrom }: BulkAnswer & AnswerBasis,
    private readonly resize: () => boolean,
  ) {
    this.state = state;
    this.flags = flags;
    this.vector = vector;
    this.schemas = schemas;
    this.issuedFrom = issuedFrom;
  }

  get size(): number {
    const versions = this.vector.accounts.length + this.vector.documents.length;
    const compressed = this.#compressed?.kept.size ?? 0;
    return BYTES_PER_ENTRY + this.flags.length + compressed + BYTES_PER_VERSION * versions;
  }

  /** @param before of the whole answer, what comes before the flags */
  keeperFor(before: string): CompressionKeeper {
    if (this.#compressed?.before !== before)
      this.#compressed = { before, kept: new KeptCompressed(this.resize) };
    return this.#compressed.kept;
  }
}

/** Bulk answers by what they are about and what the caller may see. */
export class BulkCache {
  readonly #answers: VersionedAnswers<CachedBulk>;

  constructor(options: BulkCacheOptions) {
    const largestBytes = options.bytes * LARGEST_SHARE;
    const sizeOf = ({ size }: CachedBulk, key: string) => size + key.length;
    this.#answers = new VersionedAnswers({ ...options, largestBytes, sizeOf });
  }

  /**
   * The answer that evaluating would make; undefined: evaluate.
   * @param salt of its state
   * @throws StrataError STORE_UNAVAILABLE when the store cannot be asked
   */
  find(
    target: BulkTarget,
    principal: Principal,
    salt: string,
    journal: RequestJournal,
  ): Promise<CachedBulk | undefined> {
    return this.#answers.find(keyOf(target, principal, salt), principal, journal);
  }

  /**
   * Caches an answer on its second offer, if the versions of what was read tell whether it holds.
   * @param schemas the digest of the schema folder that it was made under
   */
  offer(
    target: BulkTarget,
    principal: Principal,
    salt: string,
    answer: BulkAnswer,
    { trace, schemas }: { readonly trace: ReadTrace; readonly schemas: string },
  ): void {
    const basis = answerBasis(principal, trace, schemas);
    const key = keyOf(target, principal, salt);
    if (basis === undefined || !this.#answers.admits(key)) return;
    const entry: CachedBulk = new CachedBulk({ ...answer, ...basis }, () => this.#answers.resize(key, entry));
    this.#answers.put(key, entry);
  }
}

/** All of the principal that an answer can depend on: that it may read was seen before. */
function keyOf(
  { accountId, configIds }: BulkTarget,
  { accountId: own, isSuperadmin }: Principal,
  salt: string,
): string {
  return `${salt} ${isSuperadmin ? "*" : own} ${accountId} ${configIds?.join() ?? "*"}`;
}
