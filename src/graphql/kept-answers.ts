import { LRUCache } from "lru-cache";
import type { Principal } from "../auth/principal.js";
import { AdmissionFilter } from "../cache/admission-filter.js";
import type { VersionVector } from "../service/read/read-trace.js";
import { VersionCheck, type VersionedStore } from "../service/read/version-check.js";
import type { Question } from "./question.js";

/** An answer that did not have to go the whole way. */
export interface MadeAnswer {
  /** Headers, names and values in turn: all but the request's id, the length, and what Node adds itself. */
  readonly head: readonly string[];
  /** Its bytes, one character for each. */
  readonly body: string;
  /** What metrics call the operation. */
  readonly label: string;
}

/** An answer as it was sent, and what has to hold for it to be the answer still. */
export interface KeptAnswer extends MadeAnswer {
  readonly vector: VersionVector;
  /** Tokens from before this second, since the epoch, get another one. */
  readonly issuedFrom: number;
}

interface KeptAnswersOptions {
  /** Of memory that all of it may take, as far as it can be told. */
  readonly bytes: number;
  readonly store: VersionedStore;
}

interface Entry extends KeptAnswer {
  /** The newest commit when it was seen to hold last. */
  sequence: number | undefined;
}

/** What a version, or a name, takes at most. */
const BYTES_PER_VERSION = 400;
const BYTES_PER_ENTRY = 512;
/** Longer questions and answers are not asked again and again. */
const LONGEST_SHARE = 1 / 64;

/**
 * Answers to queries, as text, under everything that they depend on beside the store: the very bytes of the question and
 * what the caller may know of. What they depend on in the store is looked up, version by version, each time: such an
 * answer can be missing, never stale.
 */
export class KeptAnswers {
  readonly #answers: LRUCache<string, Entry>;
  readonly #recurrence: AdmissionFilter;
  readonly #longest: number;
  readonly #versions: VersionCheck;

  constructor(options: KeptAnswersOptions) {
    this.#versions = new VersionCheck(options.store);
    this.#answers = new LRUCache<string, Entry>({
      maxSize: Math.ceil(options.bytes),
      sizeCalculation: sizeOf,
    });
    this.#longest = options.bytes * LONGEST_SHARE;
    this.#recurrence = new AdmissionFilter(options.bytes);
  }

  /**
   * The answer that asking anew would bring; undefined: ask.
   * @throws StrataError STORE_UNAVAILABLE when the store cannot be asked
   */
  async find(question: Question, principal: Principal): Promise<KeptAnswer | undefined> {
    const kept = this.#answers.get(nameOf(question, principal));
    if (kept === undefined || !isOldEnough(kept, principal)) return undefined;
    const sequence = await this.#versions.holdsAt(kept.vector, kept.sequence);
    if (sequence === undefined) return undefined;
    kept.sequence = sequence;
    return kept;
  }

  /** Whether the question has come before, lately. */
  isWorthKeeping(question: Question, principal: Principal): boolean {
    return this.#recurrence.admits(nameOf(question, principal), this.#answers);
  }

  keep(question: Question, principal: Principal, answer: KeptAnswer): void {
    const name = nameOf(question, principal);
    if (sizeOf(answer, name) <= this.#longest) this.#answers.set(name, { ...answer, sequence: undefined });
  }
}

function nameOf({ manner, body }: Question, { accountId, isSuperadmin, scopes }: Principal): string {
  return `${isSuperadmin ? "*" : accountId} ${[...scopes].join()}\n${manner}\n${body}`;
}

function isOldEnough({ issuedFrom }: KeptAnswer, { isSuperadmin, issuedAt }: Principal): boolean {
  return isSuperadmin || (issuedAt !== undefined && issuedAt >= issuedFrom);
}

function sizeOf({ body, vector }: KeptAnswer, name: string): number {
  const versions = vector.accounts.length + vector.documents.length;
  return BYTES_PER_ENTRY + body.length + name.length + BYTES_PER_VERSION * versions;
}
